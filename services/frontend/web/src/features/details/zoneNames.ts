/** The time zones that the browser knows, the likely ones first. */
export function zoneNames(...likely: string[]): string[] {
  const all = Intl.supportedValuesOf("timeZone");
  const first = likely.filter((zone) => zone !== "floating");
  return [...new Set([...first, "UTC", ...all])];
}

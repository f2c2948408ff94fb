/** Spans as ISO 8601 writes them, of weeks, days, hours, minutes and seconds: `P1D`, `PT30M`, `P1DT2H`. */

const PARTS = /^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const NAMES = ["week", "day", "hour", "minute", "second"] as const;

export interface SpanPart {
  unit: (typeof NAMES)[number];
  count: number;
}

/** The units that a person is offered, each with how many of it the platform takes at most: 366 days. */
export const SPAN_UNITS = { minute: 366 * 24 * 60, hour: 366 * 24, day: 366, week: 52 } as const;
export type SpanUnit = keyof typeof SPAN_UNITS;

/** The parts of a span, the longest first; null where it is not one. */
export function readSpan(text: string): SpanPart[] | null {
  const counts = PARTS.exec(text)?.slice(1);
  if (!counts) return null;
  return NAMES.flatMap((unit, place) => {
    const count = Number(counts[place] ?? 0);
    return count > 0 ? [{ unit, count }] : [];
  });
}

export function writeSpan(count: number, unit: SpanUnit): string {
  const letter = unit.charAt(0).toUpperCase();
  return `P${unit === "hour" || unit === "minute" ? "T" : ""}${count}${letter}`;
}

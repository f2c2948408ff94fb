/** Wall clocks of IANA time zones, quick enough for ten thousand tasks: offsets are looked up once a quarter of an hour. */

const QUARTER = 15 * 60_000;
const offsets = new Map<string, Map<number, number>>();
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
    found = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...parts });
    formatters.set(zone, found);
  }
  return found;
}

function computeOffset(instant: number, zone: string): number {
  const read: Record<string, number> = {};
  for (const { type, value } of formatter(zone).formatToParts(instant)) read[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = read;
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(instant / 60_000) * 60_000;
}

/** Milliseconds that a zone's clocks are ahead of UTC at an instant. */
export function offsetAt(instant: number, zone: string): number {
  let known = offsets.get(zone);
  if (!known) {
    known = new Map();
    offsets.set(zone, known);
  }
  const quarter = Math.floor(instant / QUARTER);
  let offset = known.get(quarter);
  if (offset === undefined) {
    offset = computeOffset(quarter * QUARTER, zone);
    known.set(quarter, offset);
  }
  return offset;
}

/** The wall clock of a zone at an instant, as `2026-12-01T09:00`. */
export function wallClock(instant: number, zone: string): string {
  return new Date(instant + offsetAt(instant, zone)).toISOString().slice(0, 16);
}

/** The instant at which a zone's clocks show `local`; in a gap the clocks of before it count. */
export function instantOf(local: string, zone: string): number {
  const wall = Date.parse(`${local}Z`);
  const first = wall - offsetAt(wall - offsetAt(wall, zone), zone);
  const again = wall - offsetAt(first, zone);
  return Number.isNaN(again) ? Number.NaN : again;
}

/** An RFC 3339 time with the zone's offset, as a due is written: `2026-12-01T09:00:00+01:00`. */
export function withOffset(local: string, zone: string): string {
  const instant = instantOf(local, zone);
  const minutes = offsetAt(instant, zone) / 60_000;
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const offset = `${minutes < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
  return `${wallClock(instant, zone)}:00${offset}`;
}

export function today(zone: string, now: number): string {
  return wallClock(now, zone).slice(0, 10);
}

/** The day that lies `days` after a day. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function isZone(name: string): boolean {
  try {
    formatter(name);
    return true;
  } catch {
    return false;
  }
}

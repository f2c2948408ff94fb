import type { Recurrence } from "@/api/types";

/** The rules that most people want, by the name that the page gives them. */
export type Preset = "none" | "daily" | "weekdays" | "weekly" | "monthly" | "yearly" | "own";

export type Unit = "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY";
export const UNITS: readonly Unit[] = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;

const RULES: Partial<Record<Preset, string>> = {
  daily: "FREQ=DAILY",
  weekdays: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
  weekly: "FREQ=WEEKLY",
  monthly: "FREQ=MONTHLY",
  yearly: "FREQ=YEARLY",
};

export const PRESETS: readonly Preset[] = ["none", "daily", "weekdays", "weekly", "monthly", "yearly", "own"];

/** The rule of a preset; null for none, and for `own`, which is written by parts. */
export function ruleOf(preset: Preset): string | null {
  return RULES[preset] ?? null;
}

export function presetOf(recurrence: Recurrence | null): Preset {
  if (!recurrence) return "none";
  const rule = normal(recurrence.rrule);
  return PRESETS.find((preset) => RULES[preset] !== undefined && normal(RULES[preset]) === rule) ?? "own";
}

/** A rule by its parts, as far as the page edits them; `rest` is what it leaves as it is. */
export interface Parts {
  unit: Unit;
  interval: number;
  weekdays: string[];
  /** Of a month: its last day as `last`, a weekday as `1FR` or `-1FR`; null is the day of the due. */
  on: string | null;
  /** The last day it may fall on, as `2027-12-31`. */
  until: string | null;
  /** How often it comes at all. */
  count: number | null;
  rest: string[];
}

const ORDINAL = /^(?:[1-4]|-1)(?:MO|TU|WE|TH|FR|SA|SU)$/;
const DAY = /^(\d{4})(\d{2})(\d{2})$/;

export function readRule(rrule: string): Parts {
  const parts: Parts = { unit: "WEEKLY", interval: 1, weekdays: [], on: null, until: null, count: null, rest: [] };
  const pieces = new Map(rrule.split(";").flatMap((piece) => (piece ? [cut(piece)] : [])));
  parts.unit = UNITS.find((unit) => unit === pieces.get("FREQ")) ?? "WEEKLY";
  for (const [name, value] of pieces)
    if (name !== "FREQ" && !take(parts, name, value)) parts.rest.push(`${name}=${value}`);
  return parts;
}

function cut(piece: string): [string, string] {
  const [name = "", value = ""] = piece.split("=");
  return [name.toUpperCase(), value];
}

/** Take a piece of a rule into its part; false where the page has none for it. */
function take(parts: Parts, name: string, value: string): boolean {
  const monthly = parts.unit === "MONTHLY";
  if (name === "INTERVAL") parts.interval = Math.max(1, Number.parseInt(value, 10) || 1);
  else if (name === "COUNT") parts.count = Math.max(1, Number.parseInt(value, 10) || 1);
  else if (name === "UNTIL" && DAY.test(value)) parts.until = value.replace(DAY, "$1-$2-$3");
  else if (name === "BYDAY" && !monthly && value.split(",").every((day) => WEEKDAYS.includes(day as "MO")))
    parts.weekdays = value.split(",");
  else if (name === "BYDAY" && monthly && ORDINAL.test(value)) parts.on = value;
  else if (name === "BYMONTHDAY" && monthly && value === "-1") parts.on = "last";
  else return false;
  return true;
}

export function writeRule({ unit, interval, weekdays, on, until, count, rest }: Parts): string {
  const days = WEEKDAYS.filter((day) => weekdays.includes(day));
  return [
    `FREQ=${unit}`,
    ...(interval > 1 ? [`INTERVAL=${interval}`] : []),
    ...(unit === "WEEKLY" && days.length > 0 ? [`BYDAY=${days.join(",")}`] : []),
    ...(unit === "MONTHLY" && on ? [on === "last" ? "BYMONTHDAY=-1" : `BYDAY=${on}`] : []),
    ...rest,
    ...(until ? [`UNTIL=${until.replaceAll("-", "")}`] : []),
    ...(count ? [`COUNT=${count}`] : []),
  ].join(";");
}

/** What "in the month on …" may mean for a task that is due on a day: its weekday counted from either end. */
export function monthlyOf(day: string): string[] {
  const date = new Date(`${day}T00:00:00Z`);
  const weekday = WEEKDAYS[(date.getUTCDay() + 6) % 7] ?? "MO";
  const [of, last] = [date.getUTCDate(), new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0))];
  const found = of <= 28 ? [`${Math.ceil(of / 7)}${weekday}`] : [];
  return [...found, ...(of + 7 > last.getUTCDate() ? [`-1${weekday}`] : []), "last"];
}

function normal(rrule: string): string {
  return rrule
    .toUpperCase()
    .split(";")
    .filter((piece) => piece !== "INTERVAL=1")
    .sort()
    .join(";");
}

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
  rest: string[];
}

export function readRule(rrule: string): Parts {
  const parts: Parts = { unit: "WEEKLY", interval: 1, weekdays: [], rest: [] };
  for (const piece of rrule.split(";").filter(Boolean)) {
    const [name = "", value = ""] = piece.split("=");
    if (name === "FREQ" && UNITS.includes(value as Unit)) parts.unit = value as Unit;
    else if (name === "INTERVAL") parts.interval = Math.max(1, Number.parseInt(value, 10) || 1);
    else if (name === "BYDAY" && value.split(",").every((day) => WEEKDAYS.includes(day as "MO")))
      parts.weekdays = value.split(",");
    else parts.rest.push(piece);
  }
  return parts;
}

export function writeRule({ unit, interval, weekdays, rest }: Parts): string {
  const days =
    unit === "WEEKLY" && weekdays.length > 0
      ? [`BYDAY=${WEEKDAYS.filter((day) => weekdays.includes(day)).join(",")}`]
      : [];
  return [`FREQ=${unit}`, ...(interval > 1 ? [`INTERVAL=${interval}`] : []), ...days, ...rest].join(";");
}

function normal(rrule: string): string {
  return rrule
    .toUpperCase()
    .split(";")
    .filter((piece) => piece !== "INTERVAL=1")
    .sort()
    .join(";");
}

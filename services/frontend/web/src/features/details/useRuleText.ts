import { useFormatter, useTranslations } from "use-intl";
import { presetOf, readRule, WEEKDAYS } from "@/lib/rule";

const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** How a rule, and pieces of it, read in the person's language. */
export function useRuleText() {
  const t = useTranslations("details");
  const format = useFormatter();
  const weekday = (name: string, length: "short" | "long") =>
    format.dateTime(new Date(MONDAY + WEEKDAYS.indexOf(name as "MO") * DAY_MS), { weekday: length, timeZone: "UTC" });
  const onDay = (on: string) =>
    on === "last" ? t("onLastDay") : t("onWeekday", { place: on.slice(0, -2), weekday: weekday(on.slice(-2), "long") });
  const rule = (rrule: string): string => {
    const preset = presetOf({ rrule, mode: "from_due" });
    if (preset !== "own" && preset !== "none") return t(`presets.${preset}`);
    const { unit, interval, weekdays, on, until, count, rest } = readRule(rrule);
    if (rest.length > 0) return rrule;
    const days = weekdays.map((name) => weekday(name, "short")).join(", ");
    const last = until ? format.dateTime(new Date(`${until}T00:00:00Z`), { dateStyle: "medium", timeZone: "UTC" }) : "";
    return [
      t(`everyUnit.${unit}`, { count: interval }),
      days,
      on ? onDay(on) : "",
      last ? t("untilDay", { day: last }) : "",
      count ? t("countTimes", { count }) : "",
    ]
      .filter(Boolean)
      .join(" · ");
  };
  return { weekday, onDay, rule };
}

import { useCallback } from "react";
import { type DateTimeFormatOptions, useFormatter, useTranslations } from "use-intl";
import { addDays } from "@/lib/zones";
import { useClock } from "../app/context";

type Name = (day: string, style?: "short" | "long") => string;

/** Names days as people do: today, tomorrow, Friday, 12 March. */
export function useDayName(): Name {
  const t = useTranslations("list");
  const format = useFormatter();
  const { today } = useClock();
  return useCallback<Name>(
    (day, style = "short") => {
      const date = new Date(`${day}T00:00:00Z`);
      const named = day === today ? t("today") : day === addDays(today, 1) ? t("tomorrow") : null;
      if (named && style === "short") return named;
      const text = format.dateTime(date, { ...parts(day, today, style), timeZone: "UTC" });
      return named ? `${named} · ${text}` : text;
    },
    [format, t, today],
  );
}

function parts(day: string, today: string, style: "short" | "long"): DateTimeFormatOptions {
  const year: DateTimeFormatOptions = day.slice(0, 4) === today.slice(0, 4) ? {} : { year: "numeric" };
  if (style === "long") return { weekday: "long", day: "numeric", month: "long", ...year };
  if (day > today && day < addDays(today, 7)) return { weekday: "long" };
  return { day: "numeric", month: "short", ...year };
}

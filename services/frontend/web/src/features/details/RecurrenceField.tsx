import { useQuery } from "@tanstack/react-query";
import { Repeat2 } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";
import { ApiError, call } from "@/api/http";
import type { Due, Recurrence, Task } from "@/api/types";
import { readDue } from "@/lib/due";
import {
  PRESETS,
  type Preset,
  presetOf,
  type Parts as RuleParts,
  readRule,
  ruleOf,
  UNITS,
  type Unit,
  WEEKDAYS,
  writeRule,
} from "@/lib/rule";
import { useClock } from "../app/context";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";

/** How a task comes back: a common choice or a rule of one's own, and when that would be. */
export function RecurrenceField({ task }: { task: Task }) {
  const t = useTranslations("details");
  const clock = useClock();
  const { update } = useActions();
  const preset = presetOf(task.recurrence);
  const mode = task.recurrence?.mode ?? "from_due";
  const set = (rrule: string | null, to: Recurrence["mode"] = mode) =>
    update(
      [task],
      { recurrence: rrule ? { rrule, mode: to } : null, ...(task.due ? {} : { due: { date: clock.today } }) },
      true,
    );
  const choose = (to: Preset) => set(to === "own" ? "FREQ=WEEKLY;INTERVAL=2" : ruleOf(to));
  return (
    <Field icon={<Repeat2 size={16} />} name={t("repeat")}>
      <select
        className={styles.input}
        aria-label={t("repeat")}
        value={preset}
        onChange={(event) => choose(event.target.value as Preset)}
      >
        {PRESETS.map((one) => (
          <option key={one} value={one}>
            {t(`presets.${one}`)}
          </option>
        ))}
      </select>
      {task.recurrence ? (
        <>
          <select
            className={styles.input}
            aria-label={t("countedFrom")}
            value={mode}
            onChange={(event) => set(task.recurrence?.rrule ?? null, event.target.value as Recurrence["mode"])}
          >
            <option value="from_due">{t("fromDue")}</option>
            <option value="from_completion">{t("fromCompletion")}</option>
          </select>
          {preset === "own" ? <OwnRule rrule={task.recurrence.rrule} onChange={set} /> : null}
          {task.due ? <NextDates due={task.due} recurrence={task.recurrence} /> : null}
        </>
      ) : null}
    </Field>
  );
}

function OwnRule({ rrule, onChange }: { rrule: string; onChange: (rrule: string) => void }) {
  const t = useTranslations("details");
  const format = useFormatter();
  const parts = readRule(rrule);
  const set = (changes: Partial<RuleParts>) => onChange(writeRule({ ...parts, ...changes }));
  const day = (place: number) =>
    format.dateTime(new Date(Date.UTC(2024, 0, place + 1)), { weekday: "short", timeZone: "UTC" });
  const toggled = (name: string) =>
    parts.weekdays.includes(name) ? parts.weekdays.filter((one) => one !== name) : [...parts.weekdays, name];
  return (
    <>
      <span>{t("every")}</span>
      <input
        type="number"
        min={1}
        max={999}
        className={`${styles.input} ${styles.narrow}`}
        aria-label={t("interval")}
        value={parts.interval}
        onChange={(event) => set({ interval: Math.min(999, Math.max(1, event.target.valueAsNumber || 1)) })}
      />
      <select
        className={styles.input}
        aria-label={t("unit")}
        value={parts.unit}
        onChange={(event) => set({ unit: event.target.value as Unit })}
      >
        {UNITS.map((unit) => (
          <option key={unit} value={unit}>
            {t(`units.${unit}`)}
          </option>
        ))}
      </select>
      {parts.unit === "WEEKLY"
        ? WEEKDAYS.map((name, place) => (
            <button
              key={name}
              type="button"
              className={styles.day}
              aria-pressed={parts.weekdays.includes(name)}
              onClick={() => set({ weekdays: toggled(name) })}
            >
              {day(place)}
            </button>
          ))
        : null}
    </>
  );
}

function NextDates({ due, recurrence }: { due: Due; recurrence: Recurrence }) {
  const t = useTranslations("details");
  const format = useFormatter();
  const { zone } = useClock();
  const body = { due, recurrence, count: 5 };
  const { data, error } = useQuery({
    queryKey: ["occurrences", body],
    queryFn: ({ signal }) => call<{ items: Due[] }>("POST", "/api/occurrences", { body, signal }),
    retry: false,
  });
  if (error instanceof ApiError) return <p className={styles.wrong}>{error.problem.detail}</p>;
  const shown = data?.items.map((one) => {
    const date = new Date(`${readDue(one, zone).day}T00:00:00Z`);
    return format.dateTime(date, {
      weekday: "short",
      day: "numeric",
      month: "short",
      year: "numeric",
      timeZone: "UTC",
    });
  });
  return shown ? <p className={styles.dates}>{t("next", { dates: shown.join(" · ") })}</p> : null;
}

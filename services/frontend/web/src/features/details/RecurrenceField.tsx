import { useQuery } from "@tanstack/react-query";
import { Repeat2 } from "lucide-react";
import { useState } from "react";
import { useFormatter, useTranslations } from "use-intl";
import { ApiError, call } from "@/api/http";
import type { Due, Recurrence, Task } from "@/api/types";
import { readDue } from "@/lib/due";
import { PRESETS, type Preset, presetOf, ruleOf } from "@/lib/rule";
import { useClock } from "../app/context";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";
import { OwnRule } from "./OwnRule";

/** How a task comes back: a common choice or a rule of one's own, and when that would be. */
export function RecurrenceField({ task }: { task: Task }) {
  const t = useTranslations("details");
  const clock = useClock();
  const { update } = useActions();
  const [own, setOwn] = useState(false); // an own rule may be like a common one while it is put together
  const preset = own && task.recurrence ? "own" : presetOf(task.recurrence);
  const mode = task.recurrence?.mode ?? "from_due";
  const set = (rrule: string | null, to: Recurrence["mode"] = mode) =>
    update(
      [task],
      { recurrence: rrule ? { rrule, mode: to } : null, ...(task.due ? {} : { due: { date: clock.today } }) },
      true,
    );
  const choose = (to: Preset) => {
    setOwn(to === "own");
    set(to === "own" ? (task.recurrence?.rrule ?? "FREQ=WEEKLY") : ruleOf(to));
  };
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
          {preset === "own" && task.due ? <OwnRule recurrence={task.recurrence} due={task.due} onChange={set} /> : null}
          <select
            className={`${styles.input} ${styles.wide}`}
            aria-label={t("countedFrom")}
            value={mode}
            onChange={(event) => set(task.recurrence?.rrule ?? null, event.target.value as Recurrence["mode"])}
          >
            <option value="from_due">{t("fromDue")}</option>
            <option value="from_completion">{t("fromCompletion")}</option>
          </select>
          {task.due ? <NextDates due={task.due} recurrence={task.recurrence} /> : null}
        </>
      ) : null}
    </Field>
  );
}

function NextDates({ due, recurrence }: { due: Due; recurrence: Recurrence }) {
  const t = useTranslations("details");
  const format = useFormatter();
  const { zone, today } = useClock();
  const body = { due, recurrence, count: 5 };
  const { data, error } = useQuery({
    queryKey: ["occurrences", body],
    queryFn: ({ signal }) => call<{ items: Due[] }>("POST", "/api/occurrences", { body, signal }),
    retry: false,
  });
  if (error instanceof ApiError) return <p className={styles.wrong}>{error.problem.detail}</p>;
  if (!data) return null;
  const year = today.slice(0, 4);
  return (
    <p className={styles.dates}>
      {t("next")}{" "}
      {data.items.map((one) => {
        const { day } = readDue(one, zone);
        const other = day.startsWith(year) ? {} : ({ year: "numeric" } as const);
        const text = format.dateTime(new Date(`${day}T00:00:00Z`), { ...DATE, ...other });
        return <span key={day}>{text} </span>;
      })}
    </p>
  );
}

const DATE = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" } as const;

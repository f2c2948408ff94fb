import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslations } from "use-intl";
import { ApiError, call } from "@/api/http";
import type { Due, Recurrence } from "@/api/types";
import { readDue } from "@/lib/due";
import { monthlyOf, type Parts, readRule, UNITS, type Unit, WEEKDAYS, writeRule } from "@/lib/rule";
import { addDays } from "@/lib/zones";
import { useClock } from "../app/context";
import styles from "./Details.module.css";
import { useRuleText } from "./useRuleText";

interface PartProps {
  parts: Parts;
  set: (changes: Partial<Parts>) => void;
}

interface OwnRuleProps {
  recurrence: Recurrence;
  due: Due;
  onChange: (rrule: string) => void;
}

/** A rule of one's own: by its parts, and as text for what those do not say. */
export function OwnRule({ recurrence, due, onChange }: OwnRuleProps) {
  const { zone } = useClock();
  const parts = readRule(recurrence.rrule);
  const set = (changes: Partial<Parts>) => onChange(writeRule({ ...parts, ...changes }));
  const day = readDue(due, zone).day;
  return (
    <>
      <Interval parts={parts} set={set} />
      {parts.unit === "WEEKLY" ? <Weekdays parts={parts} set={set} /> : null}
      {parts.unit === "MONTHLY" ? <Monthly parts={parts} set={set} day={day} /> : null}
      <Ends parts={parts} set={set} day={day} />
      <RuleText recurrence={recurrence} due={due} onChange={onChange} key={recurrence.rrule} />
    </>
  );
}

function Interval({ parts, set }: PartProps) {
  const t = useTranslations("details");
  return (
    <div className={styles.line}>
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
    </div>
  );
}

function Weekdays({ parts, set }: PartProps) {
  const { weekday } = useRuleText();
  const toggled = (name: string) =>
    parts.weekdays.includes(name) ? parts.weekdays.filter((one) => one !== name) : [...parts.weekdays, name];
  return (
    <div className={styles.days}>
      {WEEKDAYS.map((name) => (
        <button
          key={name}
          type="button"
          className={styles.day}
          aria-pressed={parts.weekdays.includes(name)}
          onClick={() => set({ weekdays: toggled(name) })}
        >
          {weekday(name, "short")}
        </button>
      ))}
    </div>
  );
}

function Monthly({ parts, set, day }: PartProps & { day: string }) {
  const t = useTranslations("details");
  const { onDay } = useRuleText();
  const choices = [...new Set([...monthlyOf(day), ...(parts.on ? [parts.on] : [])])];
  return (
    <select
      className={`${styles.input} ${styles.wide}`}
      aria-label={t("monthlyOn")}
      value={parts.on ?? ""}
      onChange={(event) => set({ on: event.target.value || null })}
    >
      <option value="">{t("onSameDay")}</option>
      {choices.map((on) => (
        <option key={on} value={on}>
          {onDay(on)}
        </option>
      ))}
    </select>
  );
}

const USUAL_COUNT = 10;
const USUAL_DAYS = 90;

function Ends({ parts, set, day }: PartProps & { day: string }) {
  const t = useTranslations("details");
  const kind = parts.until ? "until" : parts.count ? "count" : "never";
  const choose = (to: string) =>
    set({ until: to === "until" ? addDays(day, USUAL_DAYS) : null, count: to === "count" ? USUAL_COUNT : null });
  return (
    <div className={styles.line}>
      <select
        className={styles.input}
        aria-label={t("ends")}
        value={kind}
        onChange={(event) => choose(event.target.value)}
      >
        {(["never", "until", "count"] as const).map((one) => (
          <option key={one} value={one}>
            {t(`endings.${one}`)}
          </option>
        ))}
      </select>
      {parts.until ? (
        <input
          type="date"
          className={`${styles.input} ${styles.date}`}
          aria-label={t("lastDay")}
          value={parts.until}
          min={day}
          onChange={(event) => event.target.value && set({ until: event.target.value })}
        />
      ) : null}
      {parts.count ? (
        <input
          type="number"
          min={1}
          max={9999}
          className={`${styles.input} ${styles.narrow}`}
          aria-label={t("times")}
          value={parts.count}
          onChange={(event) => set({ count: Math.min(9999, Math.max(1, event.target.valueAsNumber || 1)) })}
        />
      ) : null}
    </div>
  );
}

/** The rule as programs write it. It is kept once the platform has read it. */
function RuleText({ recurrence, due, onChange }: OwnRuleProps) {
  const t = useTranslations("details");
  const id = useId();
  const [text, setText] = useState(recurrence.rrule);
  const { mutate, error } = useMutation({
    mutationFn: (rrule: string) =>
      call("POST", "/api/occurrences", { body: { due, recurrence: { ...recurrence, rrule }, count: 1 } }),
    onSuccess: (_, rrule) => onChange(rrule),
  });
  const keep = () => text.trim() && text.trim() !== recurrence.rrule && mutate(text.trim());
  return (
    <>
      <label htmlFor={id} className={styles.wide}>
        {t("ruleText")}
      </label>
      <input
        id={id}
        className={`${styles.input} ${styles.wide} ${styles.code}`}
        value={text}
        maxLength={500}
        spellCheck={false}
        autoComplete="off"
        dir="ltr"
        aria-invalid={error ? true : undefined}
        onChange={(event) => setText(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      {error ? (
        <p className={styles.wrong} role="alert">
          {error instanceof ApiError ? (error.problem.errors?.[0]?.message ?? error.problem.detail) : t("historyAway")}
        </p>
      ) : null}
    </>
  );
}

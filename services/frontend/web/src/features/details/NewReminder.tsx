import { X } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslations } from "use-intl";
import type { ReminderInput } from "@/api/types";
import { SPAN_UNITS, type SpanUnit, writeSpan } from "@/lib/span";
import { Button, IconButton } from "@/ui/Button";
import styles from "./Details.module.css";

/** The spans that are offered by themselves. */
export const BEFORE = ["PT0S", "PT10M", "PT30M", "PT1H", "P1D", "P7D"] as const;

interface NewProps {
  onAdd: (reminder: ReminderInput) => void;
}

/** A reminder to be: a common span before the due, one of one's own, or a time. */
export function NewReminder({ hasDue, onAdd }: NewProps & { hasDue: boolean }) {
  const t = useTranslations("details");
  const [own, setOwn] = useState<"time" | "span" | null>(null);
  const [returning, setReturning] = useState(false);
  const leave = () => {
    setOwn(null);
    setReturning(true);
  };
  const add = (reminder: ReminderInput) => {
    onAdd(reminder);
    leave();
  };
  if (!hasDue) return <OwnTime onAdd={onAdd} />;
  if (own === "time") return <OwnTime onAdd={add} onLeave={leave} />;
  if (own === "span") return <OwnSpan onAdd={add} onLeave={leave} />;
  const choose = (value: string) => (value === "time" || value === "span" ? setOwn(value) : onAdd({ before: value }));
  return (
    <select
      ref={returning ? focus : null}
      className={styles.input}
      aria-label={t("addReminder")}
      value=""
      onChange={(event) => choose(event.target.value)}
    >
      <option value="">{t("addReminder")}</option>
      {BEFORE.map((before) => (
        <option key={before} value={before}>
          {t(`before.${before}`)}
        </option>
      ))}
      <option value="span">{t("ownSpan")}</option>
      <option value="time">{t("ownTime")}</option>
    </select>
  );
}

type OwnProps = NewProps & { onLeave?: () => void };

function OwnTime({ onAdd, onLeave }: OwnProps) {
  const t = useTranslations("details");
  const [at, setAt] = useState("");
  const save = () => {
    onAdd({ at: new Date(at).toISOString() });
    setAt("");
  };
  return (
    <Own onSave={save} ready={at !== ""} {...(onLeave ? { onLeave } : {})}>
      <input
        ref={onLeave ? focus : null}
        type="datetime-local"
        className={styles.input}
        aria-label={t("remindAt")}
        value={at}
        onChange={(event) => setAt(event.target.value)}
      />
    </Own>
  );
}

function OwnSpan({ onAdd, onLeave }: Required<OwnProps>) {
  const t = useTranslations("details");
  const [text, setText] = useState("2");
  const [unit, setUnit] = useState<SpanUnit>("hour");
  const count = Number(text);
  const ready = Number.isInteger(count) && count >= 1 && count <= SPAN_UNITS[unit];
  return (
    <Own onSave={() => onAdd({ before: writeSpan(count, unit) })} ready={ready} onLeave={onLeave}>
      <input
        ref={focus}
        type="number"
        inputMode="numeric"
        min={1}
        max={SPAN_UNITS[unit]}
        className={`${styles.input} ${styles.narrow}`}
        aria-label={t("interval")}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <select
        className={styles.input}
        aria-label={t("unit")}
        value={unit}
        onChange={(event) => setUnit(event.target.value as SpanUnit)}
      >
        {(Object.keys(SPAN_UNITS) as SpanUnit[]).map((name) => (
          <option key={name} value={name}>
            {t(`spanUnits.${name}`)}
          </option>
        ))}
      </select>
    </Own>
  );
}

/** What a reminder of one's own is written in: Enter adds it; the way back is there where there is one. */
function Own(props: { onSave: () => void; ready: boolean; onLeave?: () => void; children: ReactNode }) {
  const t = useTranslations();
  const { onSave, ready, onLeave, children } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) onSave();
  };
  return (
    <form className={styles.line} onSubmit={submit} noValidate>
      {children}
      <span className={styles.pair}>
        <Button type="submit" disabled={!ready}>
          {t("details.add")}
        </Button>
        {onLeave ? <IconButton label={t("app.cancel")} icon={<X size={15} />} onClick={onLeave} /> : null}
      </span>
    </form>
  );
}

/** What comes in the place of what had the focus takes it. */
function focus(element: HTMLElement | null): void {
  element?.focus();
}

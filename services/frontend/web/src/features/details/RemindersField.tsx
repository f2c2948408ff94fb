import { Bell, X } from "lucide-react";
import { useState } from "react";
import { useFormatter, useTranslations } from "use-intl";
import type { ReminderInput, Task } from "@/api/types";
import { Button } from "@/ui/Button";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";

const MOST = 10;
const BEFORE = ["PT0S", "PT10M", "PT30M", "PT1H", "P1D", "P7D"] as const;
type Before = (typeof BEFORE)[number];

/** When to be reminded: before the due, or at a time of one's own. */
export function RemindersField({ task }: { task: Task }) {
  const t = useTranslations("details");
  const { update } = useActions();
  const kept = (): ReminderInput[] =>
    task.reminders.map(({ id, before, at }) => (before ? { id, before } : { id, at }));
  const add = (reminder: ReminderInput) => update([task], { reminders: [...kept(), reminder] }, true);
  return (
    <Field icon={<Bell size={15} />} name={t("reminders")}>
      {task.reminders.map((reminder) => (
        <ReminderChip
          key={reminder.id}
          reminder={reminder}
          onDrop={() => update([task], { reminders: kept().filter(({ id }) => id !== reminder.id) }, true)}
        />
      ))}
      {task.reminders.length < MOST ? <NewReminder hasDue={task.due !== null} onAdd={add} /> : null}
    </Field>
  );
}

function ReminderChip({ reminder, onDrop }: { reminder: Task["reminders"][number]; onDrop: () => void }) {
  const t = useTranslations("details");
  const format = useFormatter();
  const known = BEFORE.find((before) => before === reminder.before);
  const at = reminder.at ? format.dateTime(new Date(reminder.at), { dateStyle: "medium", timeStyle: "short" }) : "";
  const text = known ? t(`before.${known}`) : at || (reminder.before ?? "");
  return (
    <span className={styles.chip} title={at}>
      <bdi>
        {reminder.status === "scheduled" ? text : `${text} · ${t(`reminderStatus.${reminder.status ?? "scheduled"}`)}`}
      </bdi>
      <button type="button" className={styles.drop} aria-label={t("removeReminder", { text })} onClick={onDrop}>
        <X size={12} aria-hidden="true" />
      </button>
    </span>
  );
}

function NewReminder({ hasDue, onAdd }: { hasDue: boolean; onAdd: (reminder: ReminderInput) => void }) {
  const t = useTranslations("details");
  const [at, setAt] = useState("");
  const [own, setOwn] = useState(!hasDue);
  if (own || !hasDue) {
    const save = () => {
      onAdd({ at: new Date(at).toISOString() });
      setAt("");
      setOwn(false);
    };
    return (
      <>
        <input
          type="datetime-local"
          className={styles.input}
          aria-label={t("remindAt")}
          value={at}
          onChange={(event) => setAt(event.target.value)}
        />
        <Button disabled={!at} onClick={save}>
          {t("add")}
        </Button>
      </>
    );
  }
  return (
    <select
      className={styles.input}
      aria-label={t("addReminder")}
      value=""
      onChange={(event) =>
        event.target.value === "own" ? setOwn(true) : onAdd({ before: event.target.value as Before })
      }
    >
      <option value="">{t("addReminder")}</option>
      {BEFORE.map((before) => (
        <option key={before} value={before}>
          {t(`before.${before}`)}
        </option>
      ))}
      <option value="own">{t("ownTime")}</option>
    </select>
  );
}

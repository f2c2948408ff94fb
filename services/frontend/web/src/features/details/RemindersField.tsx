import { Bell, X } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";
import type { ReminderInput, Task } from "@/api/types";
import { readSpan, type SpanPart } from "@/lib/span";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";
import { BEFORE, NewReminder } from "./NewReminder";

const MOST = 10;

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
  const before = useBeforeText();
  const at = reminder.at ? format.dateTime(new Date(reminder.at), { dateStyle: "medium", timeStyle: "short" }) : "";
  const text = reminder.before ? before(reminder.before) : at;
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

/** How long before the due a reminder comes, in words. */
function useBeforeText(): (before: string) => string {
  const t = useTranslations("details");
  const format = useFormatter();
  return (before) => {
    const known = BEFORE.find((one) => one === before);
    if (known) return t(`before.${known}`);
    const parts = readSpan(before);
    if (!parts) return before;
    if (parts.length === 0) return t("before.PT0S");
    const name = ({ count, unit }: SpanPart) => format.number(count, { style: "unit", unit, unitDisplay: "long" });
    return t("beforeSpan", { span: parts.map(name).join(" ") });
  };
}

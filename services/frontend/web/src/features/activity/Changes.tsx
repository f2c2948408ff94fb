import { useFormatter, useTranslations } from "use-intl";
import type { AuditItem, Due, Priority, Recurrence } from "@/api/types";
import { readDue } from "@/lib/due";
import { useApp } from "../app/context";
import { useRuleText } from "../details/useRuleText";
import styles from "./Activity.module.css";

const FIELDS = [
  "title",
  "description",
  "priority",
  "tags",
  "due",
  "recurrence",
  "reminders",
  "external_id",
  "time_zone",
  "locale",
  "name",
  "scopes",
] as const;
type Field = (typeof FIELDS)[number];

const TELLING = ["task.updated", "task.restored", "profile.updated", "token.created"];

/** The fields that an entry changed, before and after; of a new or deleted task its title says enough. */
export function Changes({ item }: { item: AuditItem }) {
  const t = useTranslations("activity");
  const text = useText();
  if (!item.type || !TELLING.includes(item.type)) return null;
  const lines = (item.changes ?? []).flatMap(({ field, before, after }) => {
    const known = FIELDS.find((one) => one === field);
    return known ? [{ field: known, before: text(known, before), after: text(known, after) }] : [];
  });
  if (lines.length === 0) return null;
  return (
    <ul className={styles.changes}>
      {lines.map(({ field, before, after }) => (
        <li key={field}>
          <span className={styles.field}>{t(`fields.${field}`)}</span>
          {before ? (
            <>
              <bdi className={styles.before}>{before}</bdi>
              <span aria-hidden="true"> → </span>
              <span className="hidden-visually">{t("became")}</span>
            </>
          ) : null}
          <bdi>{after ?? t("nothing")}</bdi>
        </li>
      ))}
    </ul>
  );
}

type Text = (value: unknown) => string;

/** How the value of a field is written; null where there is none. */
function useText(): (field: Field, value: unknown) => string | null {
  const t = useTranslations();
  const due = useDueText();
  const { rule } = useRuleText();
  const texts: Partial<Record<Field, Text>> = {
    priority: (value) => t(`priority.${value as Priority}`),
    due: (value) => due(value as Due),
    recurrence: (value) => rule((value as Recurrence).rrule),
    reminders: (value) => t("activity.reminders", { count: (value as unknown[]).length }),
    tags: (value) => (value as string[]).map((tag) => `#${tag}`).join(" "),
    scopes: (value) => (value as string[]).join(", "),
  };
  return (field, value) => {
    if (value == null || value === "" || (Array.isArray(value) && value.length === 0)) return null;
    return (texts[field] ?? String)(value);
  };
}

function useDueText(): (due: Due) => string {
  const format = useFormatter();
  const { me } = useApp();
  return (due) => {
    const { end, time, day } = readDue(due, me.time_zone);
    if (time) return format.dateTime(end, { dateStyle: "medium", timeStyle: "short" });
    return format.dateTime(new Date(`${day}T00:00:00Z`), { dateStyle: "medium", timeZone: "UTC" });
  };
}

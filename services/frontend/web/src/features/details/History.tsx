import { useQuery } from "@tanstack/react-query";
import { useFormatter, useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { AuditItem, AuditPage, Task } from "@/api/types";
import { Link } from "@/ui/Link";
import styles from "./Details.module.css";

/** What happened to the task, from the audit trail, newest first. */
export function History({ task }: { task: Task }) {
  const t = useTranslations("details");
  const { data, isError } = useQuery({
    queryKey: ["audit", task.id, task.version],
    queryFn: ({ signal }) => call<AuditPage>("GET", `/api/audit?task_id=${task.id}`, { signal }),
    placeholderData: (before) => before,
  });
  return (
    <section className={styles.history}>
      <h2>{t("history")}</h2>
      {isError ? <p>{t("historyAway")}</p> : null}
      <ol>
        {data?.items.map((item) => (
          <Entry key={item.index} item={item} />
        ))}
      </ol>
      <Link to={`/activity?of=${task.id}`} className={styles.more}>
        {t("historyAll")}
      </Link>
    </section>
  );
}

const FIELDS = ["title", "description", "priority", "tags", "due", "recurrence", "reminders", "external_id"] as const;

/** The fields that an entry changed, but for those that people never see. */
const namesOf = ({ changes }: AuditItem) => FIELDS.filter((name) => changes?.some(({ field }) => field === name));

function Entry({ item }: { item: AuditItem }) {
  const t = useTranslations("details");
  const names = useTranslations("issues.fields");
  const format = useFormatter();
  const type = item.type;
  const known =
    type === "task.created" || type === "task.completed" || type === "task.reopened" || type === "task.deleted";
  const fields = namesOf(item)
    .map((field) => names(field))
    .join(", ");
  const text = known
    ? t(`events.${type.slice(5) as "created"}`)
    : type?.startsWith("reminder")
      ? t("events.reminder")
      : t("events.changed", { fields });
  return (
    <li className={styles.entry}>
      <span>{text}</span>
      {item.at ? (
        <time dateTime={item.at}>
          {format.dateTime(new Date(item.at), { dateStyle: "medium", timeStyle: "short" })}
        </time>
      ) : null}
    </li>
  );
}

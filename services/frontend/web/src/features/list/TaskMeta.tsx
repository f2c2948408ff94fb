import { AlignLeft, Bell, CalendarDays, CircleCheck, Repeat2 } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";
import type { Task } from "@/api/types";
import { dueOf } from "@/lib/due";
import type { Query } from "@/lib/view";
import { wallClock } from "@/lib/zones";
import { useClock } from "../app/context";
import styles from "./TaskMeta.module.css";
import { useDayName } from "./useDayName";

const MOST_TAGS = 3;

/** What a row tells beside the title: tags, description, reminders, repetition, and the due date or, among what is completed, when that was. */
export function TaskMeta({ task, query }: { task: Task; query: Query }) {
  const t = useTranslations("list");
  const tags = task.tags.filter((tag) => tag !== query.tag);
  const completed = query.view === "completed" && query.sort !== "due" ? task.completed_at : null;
  const reminds = task.reminders.some(({ status }) => status === "scheduled");
  return (
    <span className={styles.meta}>
      {tags.slice(0, MOST_TAGS).map((tag) => (
        <bdi key={tag} className={styles.tag}>
          #{tag}
        </bdi>
      ))}
      {tags.length > MOST_TAGS ? <span className={styles.tag}>+{tags.length - MOST_TAGS}</span> : null}
      {task.description ? <AlignLeft size={13} role="img" aria-label={t("description")} /> : null}
      {reminds ? <Bell size={13} role="img" aria-label={t("reminder")} /> : null}
      {task.recurrence ? <Repeat2 size={14} role="img" aria-label={t("repeats")} /> : null}
      {completed ? <CompletedChip at={completed} /> : task.due ? <DueChip task={task} query={query} /> : null}
    </span>
  );
}

function CompletedChip({ at }: { at: string }) {
  const t = useTranslations("list");
  const { zone } = useClock();
  const format = useFormatter();
  const name = useDayName();
  const time = format.dateTime(new Date(at), { hour: "numeric", minute: "2-digit" });
  return (
    <span className={styles.due}>
      <CircleCheck size={13} role="img" aria-label={t("completedAt")} />
      {`${name(wallClock(Date.parse(at), zone).slice(0, 10))} ${time}`}
    </span>
  );
}

function DueChip({ task, query }: { task: Task; query: Query }) {
  const clock = useClock();
  const format = useFormatter();
  const name = useDayName();
  const due = dueOf(task, clock.zone);
  if (!due) return null;
  const late = task.status === "open" && due.end < clock.now;
  const grouped =
    query.sort === null && !late && (query.view === "upcoming" || (query.view === "today" && due.day === clock.today));
  const time = due.time ? format.dateTime(due.end, { hour: "numeric", minute: "2-digit" }) : null;
  const text = [grouped ? null : name(due.day), time].filter(Boolean).join(" ");
  if (!text) return null;
  const tone = late ? styles.late : due.day === clock.today ? styles.today : "";
  return (
    <span className={`${styles.due} ${tone}`}>
      {grouped ? null : <CalendarDays size={13} aria-hidden="true" />}
      {text}
    </span>
  );
}

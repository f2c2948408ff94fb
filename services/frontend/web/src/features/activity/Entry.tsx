import {
  Bell,
  CircleCheck,
  CircleDashed,
  Eraser,
  KeyRound,
  type LucideIcon,
  Pencil,
  Plus,
  RotateCcw,
  Trash2,
  UserCog,
} from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";
import type { AuditItem, Reminder } from "@/api/types";
import { Link } from "@/ui/Link";
import { useShown } from "../app/context";
import styles from "./Activity.module.css";
import { Changes } from "./Changes";

const ICONS: Record<NonNullable<AuditItem["type"]>, LucideIcon> = {
  "task.created": Plus,
  "task.updated": Pencil,
  "task.completed": CircleCheck,
  "task.reopened": RotateCcw,
  "task.deleted": Trash2,
  "task.restored": RotateCcw,
  "reminder.due": Bell,
  "reminder.settled": Bell,
  "profile.updated": UserCog,
  "token.created": KeyRound,
  "token.revoked": KeyRound,
  "trail.gap": CircleDashed,
  "trail.erased": Eraser,
};

/** One entry of the trail: what happened, to which task, by whom, and what it changed. */
export function Entry({ item }: { item: AuditItem }) {
  const t = useTranslations("activity");
  const format = useFormatter();
  const verb = item.type ? t(`types.${keyOf(item.type)}`, { status: reminderStatus(item) }) : t("erased");
  const Icon = item.type ? ICONS[item.type] : Eraser;
  return (
    <li className={styles.entry} data-type={item.type ?? "erased"}>
      <span className={styles.icon} aria-hidden="true">
        <Icon size={14} />
      </span>
      <div className={styles.body}>
        <p className={styles.what}>
          <span className={styles.verb}>{verb}</span> <Subject item={item} />{" "}
          {item.actor ? (
            <span className={styles.who}>{t("by", { actor: t(`names.${actorOf(item.actor)}`) })}</span>
          ) : null}
        </p>
        <Changes item={item} />
      </div>
      {item.at ? (
        <time className={styles.time} dateTime={item.at}>
          {format.dateTime(new Date(item.at), { hour: "numeric", minute: "2-digit" })}
        </time>
      ) : null}
    </li>
  );
}

/** What became of the reminder that the entry is about; `other` where it does not tell. */
function reminderStatus({ changes, reminder }: AuditItem): string {
  const after = changes?.find(({ field }) => field === "reminders")?.after as Reminder[] | null | undefined;
  return after?.find(({ id }) => id === reminder)?.status ?? "other";
}

type Underscored<T extends string> = T extends `${infer Kind}.${infer Name}` ? `${Kind}_${Name}` : never;

/** The name of a type among the messages, where a point would begin another level. */
function keyOf<T extends string>(type: T): Underscored<T> {
  return type.replace(".", "_") as Underscored<T>;
}

const ACTORS = ["person", "recurring-task"] as const;

function actorOf(actor: string): (typeof ACTORS)[number] | "other" {
  return ACTORS.find((known) => known === actor) ?? "other";
}

/** The title of the entry's task: a way to the task while it is there. */
function Subject({ item }: { item: AuditItem }) {
  const there = useShown((shown) => item.task_id != null && shown.tasks.has(item.task_id));
  if (!item.title) return null;
  if (!there || !item.task_id) return <bdi className={styles.title}>{item.title}</bdi>;
  const params = new URLSearchParams(location.search);
  params.set("task", item.task_id);
  return (
    <Link to={`/activity?${params}`} className={styles.title}>
      <bdi>{item.title}</bdi>
    </Link>
  );
}

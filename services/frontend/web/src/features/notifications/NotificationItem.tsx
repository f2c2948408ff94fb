import { Check, CircleAlert, Mail, MonitorSmartphone, RotateCw, Webhook } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";
import type { Channel, ChannelRecord, Notification } from "@/api/types";
import { IconButton } from "@/ui/Button";
import { Link } from "@/ui/Link";
import { useShown } from "../app/context";
import styles from "./Notifications.module.css";
import { useMarkRead } from "./notifications";

const ICONS = { in_app: MonitorSmartphone, email: Mail, webhook: Webhook } as const;
const CHANNELS = ["in_app", "email", "webhook"] as const;

/** One delivery: of which task, when, and what became of it on each channel. */
export function NotificationItem({ item }: { item: Notification }) {
  const t = useTranslations("notifications");
  const format = useFormatter();
  const mark = useMarkRead();
  const unread = item.read_at === null;
  const at = new Date(item.at);
  return (
    <li className={`${styles.item} ${unread ? styles.unread : ""}`} data-notification={item.id}>
      <span className={styles.dot}>{unread ? <span className="hidden-visually">{t("unread")}</span> : null}</span>
      <div className={styles.body}>
        <Title item={item} onOpen={() => unread && mark.mutate([item])} />
        {item.late ? (
          <p className={styles.late}>{t("late", { at: format.dateTime(new Date(item.scheduled_at), LONG) })}</p>
        ) : null}
        <ul className={styles.channels}>
          {CHANNELS.map((channel) => {
            const record = item.channels[channel];
            return record ? <ChannelState key={channel} channel={channel} record={record} /> : null;
          })}
        </ul>
      </div>
      <time className={styles.time} dateTime={item.at}>
        {format.dateTime(at, { hour: "numeric", minute: "2-digit" })}
      </time>
      <span className={styles.action}>
        {unread ? (
          <IconButton
            label={t("read", { title: item.title })}
            icon={<Check size={16} />}
            onClick={() => mark.mutate([item])}
          />
        ) : null}
      </span>
    </li>
  );
}

const LONG = { dateStyle: "medium", timeStyle: "short" } as const;

/** The task's title: a way to the task while it is there. */
function Title({ item, onOpen }: { item: Notification; onOpen: () => void }) {
  const t = useTranslations("notifications");
  const there = useShown((shown) => shown.tasks.has(item.task));
  if (!there) {
    return (
      <p className={styles.title}>
        <bdi>{item.title}</bdi> <span className={styles.gone}>{t("gone")}</span>
      </p>
    );
  }
  return (
    <Link to={`/notifications?task=${encodeURIComponent(item.task)}`} className={styles.title} onClick={onOpen}>
      <bdi>{item.title}</bdi>
    </Link>
  );
}

function ChannelState({ channel, record }: { channel: Channel; record: ChannelRecord }) {
  const t = useTranslations("notifications");
  const Icon = ICONS[channel];
  const { status = "pending", error, attempts = 0 } = record;
  return (
    <li className={`${styles.channel} ${styles[status]}`}>
      <Icon size={13} aria-hidden="true" />
      <span>
        {t(`channel.${channel}`)}: {t(`status.${status}`, { attempts })}
        {error && status !== "delivered" ? <bdi className={styles.error}> {error}</bdi> : null}
      </span>
      {status === "failed" ? <CircleAlert size={13} aria-hidden="true" /> : null}
      {status === "retrying" ? <RotateCw size={12} aria-hidden="true" /> : null}
    </li>
  );
}

"use client";

import { useMutation } from "@tanstack/react-query";
import { Bell, CheckCheck } from "lucide-react";
import { useTranslations } from "use-intl";
import type { Notification } from "@/api/types";
import { setParams, useAddress } from "@/lib/address";
import { wallClock } from "@/lib/zones";
import { Button } from "@/ui/Button";
import { Chips } from "@/ui/Chips";
import { Empty } from "@/ui/Empty";
import { Failed } from "@/ui/Failed";
import { Page } from "@/ui/Page";
import { Spinner } from "@/ui/Spinner";
import { useApp } from "../app/context";
import { useDayName } from "../list/useDayName";
import { say } from "../toasts/toasts";
import { NotificationItem } from "./NotificationItem";
import styles from "./Notifications.module.css";
import { fetchUnread, useMarkRead, useNotifications, useUnread } from "./notifications";
import { PermissionOffer } from "./PermissionOffer";

const FILTERS = ["all", "unread", "failed"] as const;
type Filter = (typeof FILTERS)[number];

/** The centre of what was delivered, and of what could not be. */
export default function NotificationsPage() {
  const t = useTranslations();
  const unread = useUnread();
  const detail = unread.count > 0 ? t("notifications.count", { count: unread.count }) : undefined;
  return (
    <Page title={t("views.notifications")} detail={detail} actions={unread.count > 0 ? <MarkAll /> : null}>
      <PermissionOffer />
      <Filters />
      <Contents />
    </Page>
  );
}

function useFilter(): Filter {
  const show = useAddress()?.params.get("show");
  return FILTERS.find((filter) => filter === show) ?? "all";
}

function Filters() {
  const t = useTranslations("notifications");
  const chosen = useFilter();
  return (
    <div className={styles.filters}>
      <Chips
        label={t("show")}
        options={FILTERS.map((value) => ({ value, label: t(`filter.${value}`) }))}
        value={chosen}
        onChange={(filter) => setParams({ show: filter === "all" ? null : filter })}
      />
    </div>
  );
}

function MarkAll() {
  const t = useTranslations("notifications");
  const mark = useMarkRead();
  const all = useMutation({
    mutationFn: async () => mark.mutateAsync(await fetchUnread()),
    onError: () => say(t("readFailed"), { tone: "danger" }),
  });
  return (
    <Button tone="ghost" disabled={all.isPending} onClick={() => all.mutate()}>
      <CheckCheck size={16} aria-hidden="true" />
      {t("readAll")}
    </Button>
  );
}

function belongs(item: Notification, filter: Filter): boolean {
  if (filter === "unread") return item.read_at === null;
  return filter === "all" || isTroubled(item);
}

/** Whether any of its channels failed, or has to be tried again. */
function isTroubled({ channels }: Notification): boolean {
  return Object.values(channels).some(({ status }) => status === "failed" || status === "retrying");
}

function Contents() {
  const t = useTranslations();
  const filter = useFilter();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useNotifications();
  if (isPending) return <Spinner label={t("app.loading")} />;
  if (!data) return error ? <Failed error={error} onRetry={() => void refetch()} /> : null;
  const items = data.pages.flatMap((page) => page.items).filter((item) => belongs(item, filter));
  return (
    <>
      {items.length === 0 ? (
        <Empty
          icon={<Bell />}
          title={t(`notifications.empty.${filter}`)}
          {...(filter === "all" ? { hint: t("notifications.emptyHint") } : {})}
        />
      ) : (
        <Days items={items} />
      )}
      {hasNextPage ? (
        <div className={styles.older}>
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t("notifications.older")}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function Days({ items }: { items: readonly Notification[] }) {
  const { me } = useApp();
  const name = useDayName();
  const days = new Map<string, Notification[]>();
  for (const item of items) {
    const day = wallClock(Date.parse(item.at), me.time_zone).slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), item]);
  }
  return [...days].map(([day, those]) => (
    <section key={day} aria-label={name(day, "long")}>
      <h2 className={styles.day}>{name(day, "long")}</h2>
      <ul className={styles.items}>
        {those.map((item) => (
          <NotificationItem key={item.id} item={item} />
        ))}
      </ul>
    </section>
  ));
}

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslations } from "use-intl";
import type { Notification } from "@/api/types";
import { setParams } from "@/lib/address";
import type { NotificationMessage } from "@/sync/protocol";
import { useApp, useAsking } from "../app/context";
import { say } from "../toasts/toasts";
import { showInBrowser, watchPermission } from "./browser";
import { addToList, NOTIFICATIONS, useNotifications, useUnread } from "./notifications";

/** Hears notifications wherever the person is on the page: as a toast, as one of the browser, and in the list. */
export function LiveNotifications() {
  const t = useTranslations("notifications");
  const { session } = useApp();
  const queries = useQueryClient();
  useEffect(watchPermission, []);
  useAsked(t("open"));
  useEffect(
    () =>
      session.listen((message) => {
        if (message.type !== "notification") return;
        const heard = message as NotificationMessage;
        const listed = asListed(heard);
        if (listed) addToList(queries, listed);
        announce(heard, t("open"));
      }),
    [session, queries, t],
  );
  useEffect(
    () =>
      session.follow((events) => {
        if (events.some(({ type }) => type.startsWith("reminder."))) {
          void queries.invalidateQueries({ queryKey: NOTIFICATIONS });
        }
      }),
    [session, queries],
  );
  return null;
}

/** Where no WebSocket tells of notifications, they are asked for; those that are new are announced. */
function useAsked(open: string): void {
  const asking = useAsking();
  const { data } = useNotifications(asking);
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!data) return;
    const items = data.pages.flatMap((page) => page.items);
    const before = known.current;
    known.current = new Set([...(before ?? []), ...items.map(({ id }) => id)]);
    if (!before || asking === false) return;
    const newest = items.findIndex(({ id }) => before.has(id)); // what stands below it is older, and read late
    const fresh = newest < 0 ? items : items.slice(0, newest);
    for (const item of fresh) if (!item.read_at) announce({ type: "notification", ...item }, open);
  }, [data, asking, open]);
}

/** A message as the list shows it; null for a test, which is not listed. */
function asListed({ type: _, text: __, test, ...notification }: NotificationMessage): Notification | null {
  return test || !notification.task || !notification.channels ? null : (notification as Notification);
}

/** Where the person looks at the page a toast does; where not, the browser says it. A test always shows both. */
function announce({ id, title, text, task, test }: NotificationMessage, open: string): void {
  const action = task ? { label: open, run: () => setParams({ task }, false) } : null;
  say(title, { action });
  if (document.visibilityState === "visible" && !test) return;
  const body = (text ?? "").split("\n").slice(1).join("\n");
  const address = task ? `/notifications?task=${encodeURIComponent(task)}` : "/notifications";
  void showInBrowser({ id, title, body, address });
}

/** The number beside the view's name. */
export function UnreadCount() {
  const t = useTranslations("notifications");
  const { count, more } = useUnread();
  if (count === 0) return null;
  return (
    <>
      {count.toLocaleString()}
      {more ? "+" : null} <span className="hidden-visually">{t("unread")}</span>
    </>
  );
}

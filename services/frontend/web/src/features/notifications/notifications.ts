import {
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { Notification, NotificationPage } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { useApp } from "../app/context";
import { say } from "../toasts/toasts";

export const NOTIFICATIONS = ["notifications", "list"] as const;

type Pages = InfiniteData<NotificationPage, string | null>;

const AT_ONCE = 6;

function fetchPage(cursor: string | null, limit = 50): Promise<NotificationPage> {
  const params = new URLSearchParams({ limit: String(limit), ...(cursor ? { cursor } : {}) });
  return call<NotificationPage>("GET", `/api/notifications?${params}`);
}

/** The notifications, newest first, a page at a time; read again every `interval` ms. */
export function useNotifications(interval: number | false = false) {
  const { settled } = useApp().session;
  return useInfiniteQuery({
    queryKey: NOTIFICATIONS,
    queryFn: ({ pageParam }) => settled.then(() => fetchPage(pageParam)),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: interval,
    refetchIntervalInBackground: true, // who looks elsewhere is told by the browser
  });
}

/** How many wait to be read; `more` where older ones, which are not loaded, may wait too. */
export function useUnread(): { count: number; more: boolean } {
  const { data, hasNextPage } = useNotifications();
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return { count: items.filter((item) => !item.read_at).length, more: hasNextPage && items.at(-1)?.read_at === null };
}

/** Put a notification that has just come before the others; its newer state where it is there. */
export function addToList(queries: QueryClient, fresh: Notification): void {
  queries.setQueryData<Pages>(NOTIFICATIONS, (pages) => {
    const [first, ...rest] = pages?.pages ?? [];
    if (!pages || !first) return pages;
    if (pages.pages.some(({ items }) => items.some(({ id }) => id === fresh.id))) return changed(pages, [fresh]);
    return { ...pages, pages: [{ ...first, items: [fresh, ...first.items] }, ...rest] };
  });
}

function changed(pages: Pages, items: readonly Notification[]): Pages {
  const known = new Map(items.map((item) => [item.id, item]));
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, items: page.items.map((item) => known.get(item.id) ?? item) })),
  };
}

/** Marks notifications as read: at once here, then on the platform. */
export function useMarkRead() {
  const t = useTranslations("notifications");
  const queries = useQueryClient();
  return useMutation({
    mutationFn: markOnPlatform,
    onMutate: (items: readonly Notification[]) => {
      const now = new Date().toISOString();
      const read = items.map((item) => ({ ...item, read_at: item.read_at ?? now }));
      queries.setQueryData<Pages>(NOTIFICATIONS, (pages) => pages && changed(pages, read));
    },
    onError: () => {
      say(t("readFailed"), { tone: "danger" });
      return queries.invalidateQueries({ queryKey: NOTIFICATIONS });
    },
  });
}

async function markOnPlatform(items: readonly Notification[]): Promise<void> {
  const waiting = [...items];
  const work = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      await call("POST", `/api/notifications/${encodeURIComponent(item.id)}/read`, { key: uuid7() });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
}

/** Every notification that was not read, also those that are not shown yet. */
export async function fetchUnread(): Promise<Notification[]> {
  const unread: Notification[] = [];
  let cursor: string | null = null;
  do {
    const page: NotificationPage = await fetchPage(cursor, 100);
    unread.push(...page.items.filter(({ read_at }) => read_at === null));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return unread;
}

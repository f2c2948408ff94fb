import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Notification } from "@/api/types";
import type { LogEvent, NotificationMessage, ServerMessage } from "@/sync/protocol";
import { fakePlatform } from "../../../test/platform";
import { liveEngine, renderApp, task } from "../../../test/render";
import { toasts } from "../toasts/toasts";
import { device } from "./browser";
import { LiveNotifications, UnreadCount } from "./LiveNotifications";
import NotificationsPage from "./NotificationsPage";

const RENT = "0198aaaa-0000-7000-8000-000000000001";

function notification(id: string, fields: Partial<Notification> = {}): Notification {
  return {
    id,
    task: RENT,
    title: `Notification ${id}`,
    due: null,
    reminder: "r1",
    scheduled_at: "2026-11-20T08:00:00Z",
    at: "2026-11-20T08:00:00Z",
    late: false,
    outcome: "delivered",
    channels: { in_app: { status: "delivered", attempts: 1 } },
    recorded_at: "2026-11-20T08:00:00Z",
    read_at: null,
    ...fields,
  };
}

/** The platform with some notifications, two a page. */
function platformWith(items: Notification[]) {
  return fakePlatform({
    "GET /api/notifications": (_, url) => {
      const from = Number(url.searchParams.get("cursor") ?? 0);
      const next = from + 2 < items.length ? String(from + 2) : null;
      return { items: items.slice(from, from + 2), next_cursor: next };
    },
    "POST /api/notifications/*/read": (_, url) => {
      const item = items.find(({ id }) => url.pathname.includes(`/${id}/`));
      if (!item) return [404, { title: "Not Found", status: 404, detail: "There is no such notification." }];
      item.read_at ??= "2026-11-21T08:00:00Z";
      return item;
    },
  });
}

function renderCentre() {
  let hear: (message: ServerMessage) => void = () => {};
  let follow: (events: readonly LogEvent[]) => void = () => {};
  renderApp(
    <>
      <output aria-label="badge">
        <UnreadCount />
      </output>
      <NotificationsPage />
      <LiveNotifications />
    </>,
    liveEngine([task({ id: RENT, title: "Rent" })]),
    {
      listen: (listener) => {
        hear = listener;
        return () => {};
      },
      follow: (listener) => {
        follow = listener;
        return () => {};
      },
    },
  );
  return {
    hear: (message: ServerMessage) => act(() => hear(message)),
    follow: (e: LogEvent[]) => act(() => follow(e)),
  };
}

beforeEach(() => {
  history.replaceState(null, "", "/notifications");
  toasts.setState({ shown: [] });
  localStorage.clear();
});

const row = (title: string) => screen.getByText(title).closest("li");

test("says what was delivered, what failed and why, and what came late", async () => {
  platformWith([
    notification("1", { late: true, scheduled_at: "2026-11-19T23:00:00Z" }),
    notification("2", {
      task: "0198aaaa-0000-7000-8000-00000000dead",
      channels: {
        email: { status: "failed", attempts: 5, error: "the mail server did not take it (550)" },
        webhook: { status: "retrying", attempts: 2, error: "it answered 500" },
      },
    }),
  ]);
  renderCentre();
  expect(await screen.findByRole("link", { name: "Notification 1" })).toHaveAttribute(
    "href",
    `/notifications?task=${RENT}`,
  );
  expect(row("Notification 1")).toHaveTextContent("In the app: delivered");
  expect(row("Notification 1")).toHaveTextContent("should have come on Nov 20, 2026, 12:00 AM");
  expect(row("Notification 2")).toHaveTextContent("E-mail: failed: the mail server did not take it (550)");
  expect(row("Notification 2")).toHaveTextContent("Webhook: tried 2 times, and again soon: it answered 500");
  expect(screen.queryByRole("link", { name: "Notification 2" })).not.toBeInTheDocument();
});

test("marks one as read, at once and on the platform", async () => {
  const heard = platformWith([notification("1"), notification("2", { read_at: "2026-11-20T09:00:00Z" })]);
  renderCentre();
  await userEvent.click(await screen.findByRole("button", { name: "Mark as read: Notification 1" }));
  await waitFor(() => expect(heard.map(({ call }) => call)).toContain("POST /api/notifications/1/read"));
  expect(screen.queryByRole("button", { name: /Mark as read: / })).not.toBeInTheDocument();
  expect(screen.getByLabelText("badge")).toHaveTextContent("");
});

test("shows an unread one again where the platform refuses to mark it", async () => {
  fakePlatform({ "GET /api/notifications": () => ({ items: [notification("1")], next_cursor: null }) });
  renderCentre();
  await userEvent.click(await screen.findByRole("button", { name: "Mark as read: Notification 1" }));
  await waitFor(() => expect(toasts.getState().shown[0]?.text).toBe("It could not be marked as read"));
  expect(await screen.findByRole("button", { name: "Mark as read: Notification 1" })).toBeInTheDocument();
});

test("marks all as read, with those of pages that are not shown", async () => {
  const heard = platformWith(["1", "2", "3", "4", "5"].map((id) => notification(id)));
  renderCentre();
  await waitFor(() => expect(screen.getByLabelText("badge")).toHaveTextContent("2+"));
  await userEvent.click(screen.getByRole("button", { name: "Mark all as read" }));
  await waitFor(() => expect(heard.filter(({ call }) => call.startsWith("POST"))).toHaveLength(5));
});

test("goes on to older ones, and filters those that failed", async () => {
  platformWith([
    notification("1", { read_at: "2026-11-20T09:00:00Z" }),
    notification("2", { read_at: "2026-11-20T09:00:00Z" }),
    notification("3", { channels: { webhook: { status: "failed", attempts: 9, error: "gone" } } }),
  ]);
  renderCentre();
  await userEvent.click(await screen.findByRole("button", { name: "Show older ones" }));
  expect(await screen.findByText("Notification 3")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Show older ones" })).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Not delivered" }));
  expect(screen.queryByText("Notification 1")).not.toBeInTheDocument();
  expect(screen.getByText("Notification 3")).toBeInTheDocument();
  expect(location.search).toBe("?show=failed");
});

test("one that comes live is in the list and the count, once, and is said in a toast", async () => {
  platformWith([notification("1")]);
  const { hear } = renderCentre();
  await screen.findByText("Notification 1");
  const fresh = { type: "notification", test: false, text: "Pay rent", ...notification("9") } as NotificationMessage;
  hear(fresh);
  hear(fresh);
  expect(await screen.findAllByText("Notification 9")).toHaveLength(1);
  expect(screen.getByLabelText("badge")).toHaveTextContent("2");
  const [toast] = toasts.getState().shown;
  expect(toast?.text).toBe("Notification 9");
  act(() => toast?.action?.run());
  expect(location.search).toBe(`?task=${RENT}`);
});

test("a test is said, and is not listed", async () => {
  platformWith([]);
  const { hear } = renderCentre();
  await screen.findByText("No notifications yet");
  hear({ type: "notification", test: true, id: "test-1", title: "This is a test notification." });
  expect(toasts.getState().shown[0]?.text).toBe("This is a test notification.");
  expect(screen.getByText("No notifications yet")).toBeInTheDocument();
});

test("asks again when the log tells of a reminder", async () => {
  const items: Notification[] = [];
  platformWith(items);
  const { follow } = renderCentre();
  await screen.findByText("No notifications yet");
  items.push(notification("7", { channels: { email: { status: "delivered", attempts: 1 } } }));
  const settled = {
    seq: 11,
    type: "reminder.settled",
    task: null,
    key: null,
    change: null,
    at: "",
    actor: "",
  } as const;
  follow([settled]);
  expect(await screen.findByText("Notification 7")).toBeInTheDocument();
});

test("where no WebSocket tells of them, they are asked for, and those that are new are announced once", async () => {
  jest.useFakeTimers();
  try {
    const items = [notification("2"), notification("1")];
    const asked = platformWith(items);
    const engine = liveEngine([task({ id: RENT, title: "Rent" })]);
    engine.setConnection("polling");
    let hear: (message: ServerMessage) => void = () => {};
    const listen = (listener: typeof hear) => {
      hear = listener;
      return () => {};
    };
    renderApp(<LiveNotifications />, engine, { listen });
    const pass = (milliseconds: number) => act(() => jest.advanceTimersByTimeAsync(milliseconds));
    await pass(0);
    toasts.setState({ shown: [] });
    items.unshift(notification("3"));
    await pass(15_500);
    expect(toasts.getState().shown.map(({ text }) => text)).toEqual(["Notification 3"]);
    const times = asked.length;
    await pass(30_000);
    expect(asked.length - times).toBe(2);
    expect(toasts.getState().shown).toHaveLength(1);
    act(() => engine.setConnection("live"));
    act(() => hear({ type: "notification", ...notification("4") }));
    await pass(60_000);
    expect(asked.length - times).toBe(2);
    expect(toasts.getState().shown).toHaveLength(2);
  } finally {
    jest.useRealTimers();
  }
});

test("says that the platform is away, and tries again", async () => {
  globalThis.fetch = (async () => {
    throw new TypeError("Failed to fetch");
  }) as typeof fetch;
  renderCentre();
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The platform cannot be reached just now.");
  platformWith([notification("1")]);
  await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Notification 1")).toBeInTheDocument();
});

describe("the browser's own notifications", () => {
  const shown: { title: string; options: NotificationOptions | undefined }[] = [];
  class Fake {
    static permission: NotificationPermission = "default";
    static requestPermission = async () => {
      Fake.permission = "granted";
      return Fake.permission;
    };
    constructor(title: string, options?: NotificationOptions) {
      shown.push({ title, options });
    }
  }

  beforeEach(() => {
    shown.length = 0;
    Fake.permission = "default";
    Object.assign(globalThis, { Notification: Fake });
    device.setState({ permission: "default", wanted: true, declined: false });
  });

  afterEach(() => {
    Reflect.deleteProperty(globalThis, "Notification");
    device.setState({ permission: "unsupported" });
  });

  test("are asked for by a click, and come while the page is hidden", async () => {
    platformWith([]);
    const { hear } = renderCentre();
    await userEvent.click(await screen.findByRole("button", { name: "Allow" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Allow" })).not.toBeInTheDocument());
    const fresh = { type: "notification", text: "Pay rent\nDue: today", ...notification("9") } as NotificationMessage;
    hear(fresh);
    const hidden = jest.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    hear({ ...fresh, id: "10" });
    hidden.mockRestore();
    await waitFor(() => expect(shown).toHaveLength(1));
    expect(shown[0]).toMatchObject({ title: "Notification 9", options: { tag: "10", body: "Due: today" } });
  });

  test("are not offered again after a no", async () => {
    platformWith([]);
    renderCentre();
    await userEvent.click(await screen.findByRole("button", { name: "Not now" }));
    expect(screen.queryByRole("button", { name: "Allow" })).not.toBeInTheDocument();
    expect(localStorage.getItem("notifications-declined")).not.toBeNull();
  });
});

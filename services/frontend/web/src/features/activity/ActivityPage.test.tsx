import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { AuditItem, Proof } from "@/api/types";
import type { LogEvent } from "@/sync/protocol";
import { fakePlatform } from "../../../test/platform";
import { liveEngine, renderApp, task } from "../../../test/render";
import ActivityPage from "./ActivityPage";

function item(index: number, fields: Partial<AuditItem> = {}): AuditItem {
  return {
    index,
    epoch: 1,
    first_seq: index,
    seq: index,
    erased: false,
    type: "task.updated",
    at: "2026-11-20T08:30:00Z",
    actor: "person",
    change: null,
    task_id: "a",
    title: "Pay rent",
    reminder: null,
    changes: [],
    hash: `h${index}`,
    previous_hash: `h${index - 1}`,
    ...fields,
  };
}

const WHOLE: Proof = { ok: true, entries: 3, head: "abc123" };

function show(
  address: string,
  pages: Record<string, { items: AuditItem[]; next_cursor: string | null }>,
  proof: Proof = WHOLE,
) {
  history.replaceState(null, "", address);
  const heard = fakePlatform({
    "GET /api/audit": (_, url) => pages[url.searchParams.get("cursor") ?? ""] ?? { items: [], next_cursor: null },
    "GET /api/audit/verify": () => proof,
  });
  let follower: (events: readonly LogEvent[]) => void = () => {};
  renderApp(<ActivityPage />, liveEngine([task({ id: "a", title: "Pay rent" })]), {
    follow: (one) => {
      follower = one;
      return () => {};
    },
  });
  const calls = () => heard.map(({ call }) => call).filter((call) => !call.includes("verify"));
  return { calls, follow: () => act(() => follower([])) };
}

test("an entry says what happened, to what, by whom, and what was before", async () => {
  const changes = [
    { field: "priority", before: "none", after: "high" },
    { field: "due", before: null, after: { date: "2026-12-01" } },
    { field: "nominal", before: null, after: "2026-12-01" },
  ];
  show("/activity", {
    "": {
      items: [item(2, { changes }), item(1, { actor: "recurring-task", type: "task.created" })],
      next_cursor: null,
    },
  });
  const [changed, created] = await screen
    .findAllByRole("listitem")
    .then((all) => all.filter((one) => one.dataset["type"]));
  expect(changed).toHaveTextContent("Changed Pay rent");
  expect(changed).toHaveTextContent("by you");
  expect(
    within(changed as HTMLElement)
      .getAllByRole("listitem")
      .map((one) => one.textContent),
  ).toEqual(["PriorityNo priority → becameHigh", "DueDec 1, 2026"]);
  expect(created).toHaveTextContent("by the repetition");
});

test("a title leads to its task, and the filter stays; that of a deleted task is text", async () => {
  show("/activity?action=changed", {
    "": { items: [item(2), item(1, { task_id: "gone", title: "Old" })], next_cursor: null },
  });
  await userEvent.click(await screen.findByRole("link", { name: "Pay rent" }));
  expect(location.pathname + location.search).toBe("/activity?action=changed&task=a");
  expect(screen.queryByRole("link", { name: "Old" })).toBeNull();
});

test("filters are asked of the platform, and kept in the address", async () => {
  const { calls } = show("/activity?of=a", { "": { items: [item(1)], next_cursor: null } });
  await screen.findByText("Only of", { exact: false });
  await userEvent.click(screen.getByRole("button", { name: "Completed" }));
  await userEvent.selectOptions(screen.getByLabelText("By whom"), "By the platform");
  expect(location.search).toBe("?of=a&action=completed&by=services");
  await waitFor(() =>
    expect(calls().at(-1)).toBe(
      "GET /api/audit?limit=50&type=task.completed&type=task.reopened&actor=recurring-task&actor=notification&actor=backend&task_id=a",
    ),
  );
  await userEvent.click(screen.getByRole("button", { name: "Show everything" }));
  expect(location.search).toBe("?action=completed&by=services");
});

test("the days that are asked for are whole days of the person's, and kept in the address", async () => {
  const { calls } = show("/activity?since=2026-10-24", { "": { items: [item(1)], next_cursor: null } });
  await waitFor(() => expect(calls().at(-1)).toBe("GET /api/audit?limit=50&since=2026-10-23T22%3A00%3A00.000Z"));
  expect(screen.getByLabelText("From")).toHaveValue("2026-10-24");
  fireEvent.change(screen.getByLabelText("To"), { target: { value: "2026-10-25" } });
  expect(location.search).toBe("?since=2026-10-24&until=2026-10-25");
  const both = "since=2026-10-23T22%3A00%3A00.000Z&until=2026-10-25T23%3A00%3A00.000Z";
  await waitFor(() => expect(calls().at(-1)).toBe(`GET /api/audit?limit=50&${both}`));
  fireEvent.change(screen.getByLabelText("From"), { target: { value: "" } });
  expect(location.search).toBe("?until=2026-10-25");
});

test("days that are none, or not yet written out, are not asked for", async () => {
  const { calls } = show("/activity?since=0002-01-01&until=2026-13-45", {});
  expect(await screen.findByText("Nothing of the kind")).toBeVisible();
  expect(calls()).toEqual(["GET /api/audit?limit=50"]);
});

test("older entries come when they are asked for, until there are none", async () => {
  show("/activity", {
    "": { items: [item(2, { title: "Newer" })], next_cursor: "c" },
    c: { items: [item(1, { title: "Older" })], next_cursor: null },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Show older ones" }));
  expect(await screen.findByText("Older")).toBeVisible();
  expect(screen.getByText("Newer")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Show older ones" })).toBeNull();
});

test("what happens elsewhere is read a moment later", async () => {
  const pages = { "": { items: [item(1)], next_cursor: null } };
  const { follow } = show("/activity", pages);
  await screen.findByText("Pay rent");
  pages[""] = { items: [item(2, { title: "From the phone" }), item(1)], next_cursor: null };
  follow();
  expect(await screen.findByText("From the phone")).toBeVisible();
});

test("the proof is shown, with the hash that stands for the trail", async () => {
  show("/activity", {});
  expect(await screen.findByText("Nothing happened yet")).toBeVisible();
  await userEvent.click(await screen.findByRole("button", { name: "Verified" }));
  expect(await screen.findByText("All 3 entries are as written.")).toBeVisible();
  expect(screen.getByLabelText("Hash of the latest entry")).toHaveTextContent("abc123");
  expect(screen.queryByText("still to come", { exact: false })).toBeNull();
});

test("events that are not in the trail yet are told with the proof", async () => {
  show("/activity", {}, { ...WHOLE, behind: 2 });
  await userEvent.click(await screen.findByRole("button", { name: "Verified" }));
  expect(await screen.findByText("2 events are still to come.", { exact: false })).toBeVisible();
});

test("a trail that does not hold says where and how", async () => {
  show("/activity", {}, { ...WHOLE, ok: false, broken_at: 7, reason: "its hash is another" });
  await userEvent.click(await screen.findByRole("button", { name: "Broken" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Entry 7 is not as it was written: its hash is another");
});

test("an entry of a reminder says what became of it", async () => {
  const reminders = (status: string) => [
    { id: "other", at: "2026-11-20T07:00:00Z", status: "scheduled" },
    { id: "r", at: "2026-11-20T08:30:00Z", status },
  ];
  const settled = (index: number, changes: NonNullable<AuditItem["changes"]>) =>
    item(index, { type: "reminder.settled", actor: "notification", reminder: "r", changes });
  const became = (status: string) => [{ field: "reminders", before: reminders("due"), after: reminders(status) }];
  show("/activity", {
    "": {
      items: [
        settled(4, became("delivered")),
        settled(3, became("missed")),
        settled(2, []),
        item(1, { type: "reminder.due", actor: "backend", reminder: "r" }),
      ],
      next_cursor: null,
    },
  });
  const told = [
    /^Reminder delivered: Pay rent/,
    /^Reminder not delivered:/,
    /^Reminder closed:/,
    /^Time for the reminder:/,
  ];
  const entries = await screen.findAllByText("by the platform");
  expect(entries.map((one) => one.closest("p")?.textContent)).toEqual(told.map((text) => expect.stringMatching(text)));
});

test("erased entries and gaps are entries too", async () => {
  const erased = item(1, { erased: true, type: null, at: null, actor: null, title: null, task_id: null });
  show("/activity", {
    "": { items: [item(2, { type: "trail.gap", title: null, actor: null }), erased], next_cursor: null },
  });
  expect(await screen.findByText("Events are missing here")).toBeVisible();
  expect(screen.getByText("Erased entries")).toBeVisible();
});

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { liveEngine, renderApp, task } from "../../../test/render";
import { selection } from "../tasks/selection";
import { Toasts } from "../toasts/Toasts";
import { toasts } from "../toasts/toasts";
import BulkBar from "./BulkBar";

const timed = { at: "2026-12-01T09:00:00+01:00", time_zone: "Europe/Rome" };

function show() {
  const rule = { rrule: "FREQ=DAILY", mode: "from_due" } as const;
  const tasks = [
    task({ id: "a", title: "Rent", due: timed, tags: ["home"], recurrence: rule }),
    task({ id: "b", title: "Bread", priority: "high" }),
    task({ id: "c", title: "Left alone" }),
  ];
  const engine = liveEngine(tasks, { send: () => new Promise(() => {}) });
  selection.getState().clear();
  toasts.setState({ shown: [] });
  selection.getState().add(["a", "b"]);
  renderApp(
    <>
      <BulkBar rows={[]} />
      <Toasts />
    </>,
    engine,
  );
  return (id: string) => engine.store.getState().tasks.get(id);
}

test("all selected tasks get a priority, and lose it by one undo", async () => {
  const now = show();
  await userEvent.click(screen.getByRole("button", { name: "Priority" }));
  await userEvent.click(await screen.findByRole("button", { name: "Urgent" }));
  expect([now("a"), now("b"), now("c")].map((one) => one?.priority)).toEqual(["urgent", "urgent", "none"]);
  await waitFor(() => expect(screen.queryByRole("button", { name: "Urgent" })).toBeNull());
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect([now("a"), now("b")].map((one) => one?.priority)).toEqual(["none", "high"]));
});

test("a due day leaves each its time; without one nothing repeats", async () => {
  const now = show();
  await userEvent.click(screen.getByRole("button", { name: "Due" }));
  const day = await screen.findByLabelText("Due day");
  await userEvent.type(day, "2026-12-24");
  expect(now("a")?.due).toEqual({ at: "2026-12-24T09:00:00+01:00", time_zone: "Europe/Rome" });
  expect(now("b")?.due).toEqual({ date: "2026-12-24" });
  await userEvent.click(screen.getByRole("button", { name: "Remove the due date" }));
  expect([now("a")?.due, now("a")?.recurrence, now("b")?.due]).toEqual([null, null, null]);
});

test("tags are given to all, and taken from those that have them", async () => {
  const now = show();
  await userEvent.click(screen.getByRole("button", { name: "Tags" }));
  await userEvent.type(await screen.findByLabelText("Add a tag"), "#Urgent{Enter}");
  expect([now("a")?.tags, now("b")?.tags]).toEqual([["home", "Urgent"], ["Urgent"]]);
  await userEvent.click(screen.getByRole("button", { name: "Remove the tag home" }));
  expect([now("a")?.tags, now("b")?.tags]).toEqual([["Urgent"], ["Urgent"]]);
});

test("Escape closes the tags and not the toast that came after them", async () => {
  show();
  await userEvent.click(screen.getByRole("button", { name: "Tags" }));
  await userEvent.type(await screen.findByLabelText("Add a tag"), "Urgent{Enter}");
  await screen.findByRole("button", { name: "Undo" });
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Tags" })).toBeNull());
  expect(screen.getByRole("button", { name: "Tags" })).toHaveFocus();
  expect(screen.getByRole("button", { name: "Undo" })).toBeVisible();
});

import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Engine } from "@/store/engine";
import { liveEngine, renderApp, task } from "../../../test/render";
import { Toasts } from "../toasts/Toasts";
import { ListPage } from "./ListPage";

function show(address: string, engine: Engine = liveEngine()) {
  history.replaceState(null, "", address);
  return renderApp(
    <>
      <ListPage />
      <Toasts />
    </>,
    engine,
  );
}

test("a line and Enter add a task to the list that is shown", async () => {
  const { engine } = show("/tags/home");
  await userEvent.type(screen.getByLabelText("Add a task"), "Water the plants{Enter}");
  expect(await screen.findByText("Water the plants")).toBeVisible();
  expect([...engine.store.getState().tasks.values()]).toMatchObject([{ title: "Water the plants", tags: ["home"] }]);
  expect(screen.getByLabelText("Add a task")).toHaveValue("");
});

test("a completed task leaves, says so, and comes back by undo", async () => {
  show("/all", liveEngine([task({ id: "a", title: "Call Ines" })], { send: () => new Promise(() => {}) }));
  await userEvent.click(screen.getByRole("checkbox", { name: "Complete Call Ines" }));
  await waitFor(() => expect(screen.queryByRole("checkbox")).toBeNull());
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByRole("checkbox", { name: "Complete Call Ines" })).toBeVisible();
});

test("search narrows the list as one types, and the address keeps it", async () => {
  show("/all", liveEngine([task({ id: "a", title: "Bread" }), task({ id: "b", title: "Butter" })]));
  await userEvent.type(screen.getByLabelText("Search"), "bre");
  await waitFor(() => expect(screen.queryByText("Butter")).toBeNull());
  expect(screen.getByText("Bread")).toBeVisible();
  expect(location.search).toBe("?q=bre");
});

test("a list without tasks says what that means; one that filters emptied offers the way back", async () => {
  const { unmount } = show("/overdue");
  expect(screen.getByText("Nothing is overdue")).toBeVisible();
  unmount();
  show("/all?q=nothing", liveEngine([task({ id: "a" })]));
  await userEvent.click(screen.getByRole("button", { name: "Clear search and filters" }));
  expect(await screen.findByText("a")).toBeVisible();
});

test("what another device does shows by itself", async () => {
  const { engine } = show("/all");
  const fresh = task({ id: "n", title: "From the phone", seq: 11 });
  const event = {
    seq: 11,
    type: "task.created",
    task: fresh,
    key: null,
    change: null,
    at: "",
    actor: "person",
  } as const;
  act(() => void engine.receive({ type: "events", events: [event] }));
  expect(await screen.findByText("From the phone")).toBeVisible();
});

test("while tasks are chosen a tap marks and opens nothing; all can be marked at once", async () => {
  const { engine } = show("/all", liveEngine([task({ id: "a", title: "Bread" }), task({ id: "b", title: "Butter" })]));
  await userEvent.click(screen.getByRole("button", { name: "Select tasks" }));
  expect(await screen.findByRole("button", { name: "Delete" })).toBeDisabled();
  await userEvent.click(screen.getByText("Bread"));
  expect(screen.getByRole("toolbar", { name: "1 selected" })).toBeVisible();
  expect(screen.getByRole("checkbox", { name: "Select Bread" })).toBeChecked();
  expect(location.search).toBe("");
  await userEvent.click(screen.getByRole("button", { name: "All" }));
  await userEvent.click(screen.getByRole("button", { name: "Complete" }));
  expect([...engine.store.getState().tasks.values()].map(({ status }) => status)).toEqual(["completed", "completed"]);
  expect(screen.queryByRole("toolbar")).toBeNull();
});

test("what is completed says when that was, the latest first; in the order of due dates it says those", async () => {
  const done = { status: "completed", due: { date: "2020-02-03" } } as const;
  const tasks = [
    task({ ...done, id: "old", title: "Old", completed_at: "2020-01-31T23:30:00Z" }),
    task({ ...done, id: "new", title: "New", completed_at: "2020-02-02T08:05:00Z" }),
  ];
  const { unmount } = show("/completed", liveEngine(tasks));
  const rows = () => [...document.querySelectorAll("[data-task]")].map((one) => one.textContent);
  await screen.findByText("New");
  expect(rows()).toEqual([
    expect.stringMatching(/^NewFeb 2, 2020 9:05\sAM$/),
    expect.stringMatching(/^OldFeb 1, 2020 12:30\sAM$/),
  ]);
  expect(screen.getAllByRole("img", { name: "Completed" })).toHaveLength(2);
  unmount();
  show("/completed?sort=due", liveEngine(tasks));
  await screen.findByText("New");
  expect(rows()).toEqual([expect.stringMatching(/Feb 3, 2020$/), expect.stringMatching(/Feb 3, 2020$/)]);
});

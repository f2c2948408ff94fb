import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Due } from "@/api/types";
import { addDays, today } from "@/lib/zones";
import { liveEngine, renderApp, task } from "../../../test/render";
import { selection } from "../tasks/selection";
import { Toasts } from "../toasts/Toasts";
import { ListPage } from "./ListPage";

const TODAY = today("Europe/Rome", Date.now());
const TOMORROW = addDays(TODAY, 1);

// Its code is there when a test begins: what comes late takes the row that has the focus with it.
beforeAll(() => import("./DayList"));

function show(due: Due | null, address = "/upcoming") {
  history.replaceState(null, "", address);
  selection.getState().clear();
  const engine = liveEngine([task({ id: "a", title: "Call Ines", due }), task({ id: "b", title: "Bread", due })], {
    send: () => new Promise(() => {}),
  });
  renderApp(
    <>
      <ListPage />
      <Toasts />
    </>,
    engine,
  );
  return { due: (id: string) => engine.store.getState().tasks.get(id)?.due };
}

async function focus(title: string) {
  const row = (await screen.findByText(title)).closest("button");
  act(() => row?.focus());
}

test("Alt and an arrow put a task a day later, which is said and can be taken back", async () => {
  const { due } = show({ local: `${TODAY}T09:00:00` });
  await focus("Call Ines");
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  expect(due("a")).toEqual({ local: `${TOMORROW}T09:00:00` });
  expect(due("b")).toEqual({ local: `${TODAY}T09:00:00` });
  expect(await screen.findByText("Moved to Tomorrow: Call Ines")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(due("a")).toEqual({ local: `${TODAY}T09:00:00` }));
});

test("nothing goes before today, and what is overdue begins today", async () => {
  const { due } = show({ date: addDays(TODAY, -3) });
  await focus("Call Ines");
  await userEvent.keyboard("{Alt>}{ArrowUp}{/Alt}");
  expect(due("a")).toEqual({ date: TODAY });
  await focus("Call Ines");
  await userEvent.keyboard("{Alt>}{ArrowUp}{/Alt}");
  expect(due("a")).toEqual({ date: TODAY });
});

test("all selected tasks move with one of them", async () => {
  const { due } = show({ date: TODAY });
  await focus("Call Ines");
  act(() => selection.getState().add(["a", "b"]));
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  expect([due("a"), due("b")]).toEqual([{ date: TOMORROW }, { date: TOMORROW }]);
  expect(await screen.findByText("2 tasks moved to Tomorrow")).toBeVisible();
});

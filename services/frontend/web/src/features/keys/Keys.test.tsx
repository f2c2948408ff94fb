import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { liveEngine, renderApp, task } from "../../../test/render";
import { selection } from "../tasks/selection";
import { Panels } from "./Panels";
import { panels } from "./panelStore";
import { useHotkeys } from "./useHotkeys";

function Frame() {
  useHotkeys();
  return (
    <>
      <button type="button">Before</button>
      <input aria-label="Line" data-add />
      <Panels />
    </>
  );
}

function show() {
  history.replaceState(null, "", "/today");
  selection.getState().clear();
  panels.getState().close();
  const tasks = [task({ id: "a", title: "Call Ines", tags: ["work"] }), task({ id: "b", title: "Bread" })];
  return renderApp(<Frame />, liveEngine(tasks));
}

test("? shows the keys of every view and action; Escape gives the focus back", async () => {
  show();
  screen.getByText("Before").focus();
  await userEvent.keyboard("?");
  const dialog = await screen.findByRole("dialog", { name: "Keyboard shortcuts" });
  expect(within(dialog).getByText("Upcoming").nextSibling).toHaveTextContent("GU");
  expect(within(dialog).getByText("Complete or reopen")).toBeVisible();
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await waitFor(() => expect(screen.getByText("Before")).toHaveFocus());
});

test("? is a letter where one writes", async () => {
  show();
  await userEvent.type(screen.getByLabelText("Line"), "why?");
  expect(screen.getByLabelText("Line")).toHaveValue("why?");
  expect(panels.getState().open).toBeNull();
});

test.each([
  ["upcom", "/upcoming"],
  ["work", "/tags/work"],
  ["ines", "/today?task=a"],
])("the palette leads from %s to %s", async (text, address) => {
  show();
  await userEvent.keyboard("{Control>}k{/Control}");
  await waitFor(() => expect(screen.getByRole("combobox")).toHaveFocus());
  await userEvent.keyboard(`${text}{Enter}`);
  await waitFor(() => expect(location.pathname + location.search).toBe(address));
});

test("the palette acts on the selected tasks, and puts the focus where a command says", async () => {
  const { engine } = show();
  selection.getState().add(["a", "b"]);
  await userEvent.keyboard("{Control>}k{/Control}");
  await userEvent.type(await screen.findByRole("combobox"), "complete or{Enter}");
  await waitFor(() =>
    expect([...engine.store.getState().tasks.values()].map(({ status }) => status)).toEqual(["completed", "completed"]),
  );
  await userEvent.keyboard("{Control>}k{/Control}");
  await userEvent.type(await screen.findByRole("combobox"), "add a{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Line")).toHaveFocus());
});

test("a sequence of keys goes on though a view is offered in the middle of it", async () => {
  let answer = (_: unknown) => {};
  globalThis.fetch = () => new Promise((resolve) => (answer = resolve as typeof answer));
  show();
  await userEvent.keyboard("g");
  await act(async () => answer({ ok: true, status: 200, json: async () => ({}), headers: new Headers() }));
  await userEvent.keyboard("u");
  expect(location.pathname).toBe("/upcoming");
});

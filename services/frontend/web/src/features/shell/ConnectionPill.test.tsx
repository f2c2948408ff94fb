import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { loadTooltips } from "@/ui/Tooltip";
import { liveEngine, renderApp } from "../../../test/render";
import { ConnectionPill } from "./ConnectionPill";

/** Point at the status, once there is what shows tooltips. */
async function pointAtIt() {
  loadTooltips();
  await waitFor(() => expect(screen.getByRole("status")).toHaveAttribute("data-state"));
  await userEvent.hover(screen.getByRole("status"));
}

test("the status says that there are no live updates, and how fresh the list is all the same", () => {
  const { engine } = renderApp(<ConnectionPill />);
  const status = screen.getByRole("status");
  expect(status).toHaveTextContent("Live");
  act(() => engine.setConnection("polling"));
  expect(screen.getByRole("status")).toBe(status);
  expect(status).toHaveTextContent("No live updates: refreshing every few seconds");
});

test("what waits is told where it has to wait: offline, and not while it is sent", () => {
  const engine = liveEngine([], { send: () => new Promise(() => {}) });
  renderApp(<ConnectionPill />, engine);
  act(() => engine.setConnection("polling"));
  act(() => void engine.mutate([{ op: "create", task: { id: "a", title: "A" } }]));
  expect(screen.getByRole("status")).not.toHaveTextContent("1 change waits");
  act(() => engine.setConnection("offline"));
  expect(screen.getByRole("status")).toHaveTextContent("Offline · 1 change waits");
});

test("once the sign-in has ended it says so, how to go on, and whose changes wait", async () => {
  const { engine } = renderApp(<ConnectionPill />);
  act(() => engine.setConnection("signedOut"));
  act(() => void engine.mutate([{ op: "create", task: { id: "a", title: "A" } }]));
  expect(screen.getByRole("status")).toHaveTextContent("Sign-in ended: sign in again · 1 change waits");
  await pointAtIt();
  expect(await screen.findByRole("tooltip")).toHaveTextContent(
    /Sign in again to go on.*sent once you, and nobody else,/,
  );
});

test("that the device keeps nothing is told as long as it lasts", async () => {
  const { engine } = renderApp(<ConnectionPill />);
  act(() => engine.store.setState({ storage: "full" }));
  expect(screen.getByRole("status")).toHaveTextContent("Live · not kept on this device");
  await pointAtIt();
  expect(await screen.findByRole("tooltip")).toHaveTextContent("no space left");
  act(() => engine.store.setState({ storage: "kept" }));
  expect(screen.getByRole("status")).toHaveTextContent(/^Live$/);
});

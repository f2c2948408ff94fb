import { act, screen } from "@testing-library/react";
import { liveEngine, renderApp } from "../../../test/render";
import { ConnectionPill } from "./ConnectionPill";

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

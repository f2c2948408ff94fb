import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { liveEngine, renderApp } from "../../../test/render";
import { Toasts } from "../toasts/Toasts";
import { toasts } from "../toasts/toasts";
import { useStorageNews } from "./storage";

function Page() {
  useStorageNews();
  return <Toasts />;
}

afterEach(() => act(() => toasts.setState({ shown: [] })));

const close = () => !dispatchEvent(new Event("beforeunload", { cancelable: true }));

test("that nothing is kept stays until it is read or over, and its end is told", async () => {
  const { engine } = renderApp(<Page />);
  act(() => engine.store.setState({ storage: "full" }));
  expect(await screen.findByText(/no space left for the page/)).toBeVisible();
  act(() => engine.store.setState({ storage: "unavailable" }));
  expect(await screen.findByText(/keeps nothing for the page/)).toBeVisible();
  expect(screen.queryByText(/no space left/)).toBeNull();
  act(() => engine.store.setState({ storage: "kept" }));
  expect(await screen.findByText("Changes are kept on this device again.")).toBeVisible();
  expect(screen.queryByText(/keeps nothing/)).toBeNull();
});

test("it can be put away, and is told again only when it begins anew", async () => {
  const { engine } = renderApp(<Page />);
  act(() => engine.store.setState({ storage: "outdated" }));
  await screen.findByText(/Reload once nothing waits/);
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  await waitFor(() => expect(screen.queryByText(/Reload once nothing waits/)).toBeNull());
  act(() => engine.setConnection("offline"));
  expect(screen.queryByText(/Reload once nothing waits/)).toBeNull();
});

test("a page whose changes nobody has is not closed without a question", () => {
  const engine = liveEngine([], { send: () => new Promise(() => {}) });
  const { unmount } = renderApp(<Page />, engine);
  expect(close()).toBe(false);
  act(() => void engine.mutate([{ op: "create", task: { id: "a", title: "A" } }]));
  expect(close()).toBe(true);
  unmount();
  expect(close()).toBe(false);
});

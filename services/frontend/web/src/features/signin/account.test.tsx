import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createStore } from "zustand/vanilla";
import { liveEngine, renderApp } from "../../../test/render";
import { AccountSection } from "../settings/AccountSection";
import type { Auth, Stand } from "./auth";
import { SignInState } from "./SignInState";

function signedInAs(name: string, stand: Stand = { standing: "in", detail: null }) {
  const auth = {
    name,
    stand: createStore<Stand>(() => stand),
    token: async () => "t",
    refused: async () => null,
    failed: () => {},
    signIn: jest.fn(() => Promise.reject(new Error("unreachable"))),
    signOut: jest.fn(async () => {}),
  };
  return auth satisfies Auth;
}

test("a platform without sign-in has no account and no way out", () => {
  const { container } = renderApp(<AccountSection />);
  expect(container).toBeEmptyDOMElement();
});

test("with nothing unsent the way out is one click", async () => {
  const auth = signedInAs("Anna");
  const stop = jest.fn();
  renderApp(<AccountSection />, liveEngine(), { auth, stop });
  expect(screen.getByText("Anna")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Sign out" }));
  await waitFor(() => expect(auth.signOut).toHaveBeenCalledTimes(1));
  expect(stop).toHaveBeenCalled();
});

test("changes that were not sent are not lost without a question", async () => {
  const auth = signedInAs("Anna");
  const engine = liveEngine();
  engine.setConnection("offline");
  engine.mutate([{ op: "create", task: { id: "a", title: "On the train" } }]);
  renderApp(<AccountSection />, engine, { auth });
  await userEvent.click(screen.getByRole("button", { name: "Sign out" }));
  expect(await screen.findByText(/1 change has not reached the platform yet/)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Stay signed in" }));
  expect(auth.signOut).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Sign out" }));
  await userEvent.click(await screen.findByRole("button", { name: "Sign out and lose them" }));
  await waitFor(() => expect(auth.signOut).toHaveBeenCalledTimes(1));
});

test("the end of a sign-in stands above the list, with the reason and the way back", async () => {
  const auth = signedInAs("Anna");
  renderApp(<SignInState />, liveEngine(), { auth });
  expect(screen.queryByRole("button")).toBeNull();
  act(() => auth.stand.setState({ standing: "ended", detail: null }));
  expect(await screen.findByText(/Your sign-in has ended\. You can go on reading/)).toBeVisible();
  act(() => auth.stand.setState({ standing: "ended", detail: "The token is not accepted: Signature has expired." }));
  expect(await screen.findByText(/its clock and the sign-in service's differ/)).toBeVisible();
  act(() => auth.stand.setState({ standing: "ended", detail: "Audience doesn't match." }));
  expect(await screen.findByText(/Audience doesn't match/)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Sign in again" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("cannot be reached just now");
});

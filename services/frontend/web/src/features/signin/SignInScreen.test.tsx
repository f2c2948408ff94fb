import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactElement } from "react";
import { REASONS } from "./auth";
import SignInScreen from "./SignInScreen";

const SETTINGS = { issuer: "https://id.example.com/realms/x", client_id: "page", scope: "openid", audience: "tasks" };

/** Render, and let the messages come. */
async function show(element: ReactElement) {
  const rendered = render(element);
  await act(() => new Promise((resolve) => setTimeout(resolve)));
  return rendered;
}

test("the way in names where it leads, and is one key away", async () => {
  const signIn = jest.fn(() => new Promise<void>(() => {}));
  await show(<SignInScreen out={{ settings: SETTINGS, reason: null, signIn }} />);
  expect(screen.getByText("You sign in at id.example.com.")).toBeVisible();
  expect(screen.queryByRole("alert")).toBeNull();
  await userEvent.tab();
  await userEvent.keyboard("{Enter}");
  expect(signIn).toHaveBeenCalledTimes(1);
  expect(screen.getByRole("button")).toBeDisabled();
});

test("a service that cannot be reached is told, and can be tried again", async () => {
  const signIn = jest.fn(() => Promise.reject(new Error("unreachable")));
  await show(<SignInScreen out={{ settings: SETTINGS, reason: null, signIn }} />);
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("id.example.com cannot be reached");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(signIn).toHaveBeenCalledTimes(2);
});

test.each(REASONS)("why nobody is signed in is said in words: %s", async (kind) => {
  const { container } = await show(
    <SignInScreen out={{ settings: SETTINGS, reason: { kind, detail: "Because." }, signIn: null }} />,
  );
  const said = container.querySelector("[role=alert], [role=status]")?.textContent ?? "";
  expect(said.length).toBeGreaterThan(15);
  expect(said).not.toMatch(/signIn\.|undefined/);
  expect(screen.queryByRole("button")).toBeNull();
});

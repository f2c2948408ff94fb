import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { deviceZone } from "@/lib/zones";
import { type Answer, fakePlatform } from "../../../test/platform";
import { renderApp } from "../../../test/render";
import { ZoneQuestion } from "./ZoneQuestion";

jest.mock("@/lib/zones", () => ({ ...jest.requireActual("@/lib/zones"), deviceZone: jest.fn() }));

const ME = { person: "p", subject: "me", name: "me", scopes: [], time_zone: "Europe/Rome", locale: "en" };

function show(here: string, patch: () => Answer = () => ({ ...ME, time_zone: here })) {
  jest.mocked(deviceZone).mockReturnValue(here);
  const heard = fakePlatform({ "GET /api/me": () => ME, "PATCH /api/me": patch });
  return { heard, ...renderApp(<ZoneQuestion />) };
}

beforeEach(() => localStorage.clear());

test("another zone of the device is asked about, and taken over by a button", async () => {
  const { heard } = show("America/New_York");
  await userEvent.click(await screen.findByRole("button", { name: "Use America/New York" }));
  await waitFor(() => expect(screen.queryByRole("button")).toBeNull());
  expect(heard.at(-1)).toEqual({ call: "PATCH /api/me", body: { time_zone: "America/New_York" } });
});

test("kept, it is not asked about again, until either of the two is another one", async () => {
  const { unmount } = show("America/New_York");
  await userEvent.click(await screen.findByRole("button", { name: "Keep Europe/Rome" }));
  expect(screen.queryByRole("button")).toBeNull();
  unmount();
  const again = show("America/New_York");
  await waitFor(() => expect(again.heard.map(({ call }) => call)).toContain("GET /api/me"));
  await Promise.resolve();
  expect(screen.queryByRole("button")).toBeNull();
  again.unmount();
  show("Asia/Tokyo");
  expect(await screen.findByRole("button", { name: "Use Asia/Tokyo" })).toBeVisible();
});

test("what cannot be changed now can be tried again", async () => {
  show("America/New_York", () => [503, { detail: "away" }]);
  const button = await screen.findByRole("button", { name: "Use America/New York" });
  await userEvent.click(button);
  await waitFor(() => expect(button).toBeEnabled());
});

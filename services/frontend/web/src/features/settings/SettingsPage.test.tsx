import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { NotificationSettings, Token } from "@/api/types";
import * as reload from "@/lib/reload";
import { Database } from "@/store/database";
import { fakePlatform, type Heard } from "../../../test/platform";
import { liveEngine, renderApp } from "../../../test/render";
import { toasts } from "../toasts/toasts";
import SettingsPage from "./SettingsPage";

jest.mock("@/lib/reload", () => ({ startOver: jest.fn() }));

const LAPTOP: Token = {
  id: "0198aaaa-0000-7000-8000-000000000001",
  name: "laptop",
  scopes: ["tasks:read"],
  created_at: "2026-11-01T08:00:00Z",
  expires_at: "2099-02-01T08:00:00Z",
  last_used_at: null,
};

type Handlers = Parameters<typeof fakePlatform>[0];

/** The platform with one token and a webhook; `others` answer in the place of its own. */
function platform(others: Handlers = {}): Heard[] {
  let settings: NotificationSettings = {
    in_app: { enabled: true },
    email: { enabled: false, address: null },
    webhook: { enabled: true, url: "https://example.com/hook", signing_key: "whsec_abc" },
  };
  let tokens = [LAPTOP];
  return fakePlatform({
    "PATCH /api/me": (body) => ({ name: "me", locale: "en", time_zone: "Europe/Rome", ...(body as object) }),
    "GET /api/notifications/settings": () => settings,
    "PUT /api/notifications/settings": (body) => {
      const fresh = body as NotificationSettings;
      settings = { ...fresh, webhook: { ...fresh.webhook, signing_key: "whsec_abc" } };
      return settings;
    },
    "GET /api/tokens": () => ({ items: tokens }),
    "POST /api/tokens": (body) => {
      const made = { ...LAPTOP, ...(body as Partial<Token>), id: "0198aaaa-0000-7000-8000-000000000002" };
      tokens = [made, ...tokens];
      return [201, { ...made, secret: "taskpat_secret", change: "c" }];
    },
    "DELETE /api/tokens/*": (_, url) => {
      tokens = tokens.filter(({ id }) => !url.pathname.endsWith(id));
      return [204];
    },
    "DELETE /api/me": () => [202],
    ...others,
  });
}

const sent = (heard: Heard[], call: string) => heard.filter((one) => one.call === call).map(({ body }) => body);

beforeEach(() => {
  history.replaceState(null, "", "/settings");
  toasts.setState({ shown: [] });
  jest.spyOn(Intl, "supportedValuesOf").mockReturnValue(["Asia/Tokyo", "Europe/Rome"]); // 420 make queries by role slow
});

test("changes the time zone and the locale", async () => {
  const heard = platform();
  renderApp(<SettingsPage />);
  expect(screen.getByLabelText("Time zone")).toHaveValue("Europe/Rome");
  await userEvent.selectOptions(screen.getByLabelText("Time zone"), "Asia/Tokyo");
  await waitFor(() => expect(sent(heard, "PATCH /api/me")).toEqual([{ time_zone: "Asia/Tokyo" }]));
  await waitFor(() => expect(toasts.getState().shown[0]?.text).toBe("Saved"));
  await userEvent.selectOptions(screen.getByLabelText("Language and format"), "de-AT");
  await waitFor(() => expect(sent(heard, "PATCH /api/me")).toContainEqual({ locale: "de-AT" }));
});

describe("channels", () => {
  test("are saved as a whole", async () => {
    const heard = platform();
    renderApp(<SettingsPage />);
    await userEvent.click(await screen.findByRole("switch", { name: "E-mail" }));
    await userEvent.type(screen.getByLabelText("Address"), "me@example.com");
    expect(screen.getByRole("button", { name: "Send a test: E-mail" })).toBeDisabled();
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.getByRole("button", { name: "Send a test: E-mail" })).toBeEnabled());
    expect(sent(heard, "PUT /api/notifications/settings")).toEqual([
      {
        in_app: { enabled: true },
        email: { enabled: true, address: "me@example.com" },
        webhook: { enabled: true, url: "https://example.com/hook" },
      },
    ]);
  });

  test("say at the field what is wrong with it, and keep what was typed", async () => {
    const errors = [{ field: "webhook.url", message: "leads to a private address" }];
    platform({
      "PUT /api/notifications/settings": () => [422, { title: "", status: 422, detail: "1 field is wrong.", errors }],
    });
    renderApp(<SettingsPage />);
    const url = await screen.findByLabelText("URL");
    await userEvent.clear(url);
    await userEvent.type(url, "https://10.0.0.1/");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("leads to a private address")).toBeInTheDocument();
    expect(url).toHaveAccessibleDescription("leads to a private address");
    expect(url).toBeInvalid();
    expect(url).toHaveValue("https://10.0.0.1/");
  });

  test("tell what a test came to", async () => {
    const heard = platform({
      "POST /api/notifications/test": (body) => {
        const [channel = ""] = (body as { channels: string[] }).channels;
        const delivered = channel === "in_app";
        return { id: "t", results: { [channel]: { delivered, error: delivered ? null : "it answered 500" } } };
      },
    });
    renderApp(<SettingsPage />);
    await userEvent.click(await screen.findByRole("button", { name: "Send a test: In the app" }));
    expect(await screen.findByText("The test was delivered.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Send a test: Webhook" }));
    expect(await screen.findByText("The test was not delivered: it answered 500")).toBeInTheDocument();
    expect(sent(heard, "POST /api/notifications/test")).toEqual([{ channels: ["in_app"] }, { channels: ["webhook"] }]);
    expect(screen.getByRole("button", { name: "Send a test: E-mail" })).toBeDisabled();
  });

  test("show the signing key only when asked", async () => {
    platform();
    renderApp(<SettingsPage />);
    const key = await screen.findByRole("textbox", { name: "Signing key" });
    expect(key).not.toHaveTextContent("whsec_abc");
    await userEvent.click(screen.getByRole("button", { name: "Show the key" }));
    expect(key).toHaveTextContent("whsec_abc");
  });
});

describe("tokens", () => {
  test("are made, and show their secret once, with a copy of it", async () => {
    const heard = platform();
    const user = userEvent.setup(); // with a clipboard
    renderApp(<SettingsPage />);
    await user.click(await screen.findByRole("button", { name: "New token" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.type(dialog.getByLabelText("Name"), "script");
    await user.click(dialog.getByLabelText(/Change tasks/));
    await user.click(dialog.getByLabelText(/Talk to the assistant/));
    await user.click(dialog.getByRole("button", { name: "Make the token" }));
    expect(await dialog.findByRole("textbox", { name: "Secret" })).toHaveTextContent("taskpat_secret");
    expect(dialog.getByRole("textbox", { name: "Client settings" })).toHaveTextContent("Bearer taskpat_secret");
    await user.click(dialog.getByRole("button", { name: "Copy: Secret" }));
    expect(await navigator.clipboard.readText()).toBe("taskpat_secret");
    expect(sent(heard, "POST /api/tokens")).toMatchObject([{ name: "script", scopes: ["tasks:read", "chat"] }]);
    await user.click(dialog.getByRole("button", { name: "Done" }));
    expect(document.body).not.toHaveTextContent("taskpat_secret");
    expect(await screen.findByRole("button", { name: "Revoke script" })).toBeInTheDocument();
  });

  test("say what the platform refuses", async () => {
    const errors = [{ field: "body.name", message: "is too long" }];
    platform({ "POST /api/tokens": () => [422, { title: "", status: 422, detail: "1 field is wrong.", errors }] });
    renderApp(<SettingsPage />);
    await userEvent.click(await screen.findByRole("button", { name: "New token" }));
    await userEvent.type(screen.getByLabelText("Name"), "x");
    await userEvent.click(screen.getByRole("button", { name: "Make the token" }));
    expect(await screen.findByText("is too long")).toBeInTheDocument();
  });

  test("are revoked after a question", async () => {
    const heard = platform();
    renderApp(<SettingsPage />);
    expect(await screen.findByText(/Never used/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Revoke laptop" }));
    expect(sent(heard, `DELETE /api/tokens/${LAPTOP.id}`)).toHaveLength(0);
    await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Revoke" }));
    expect(await screen.findByText("No tokens yet.")).toBeInTheDocument();
    expect(sent(heard, `DELETE /api/tokens/${LAPTOP.id}`)).toHaveLength(1);
  });
});

describe("erasing", () => {
  test("needs the word, then forgets everything here too", async () => {
    const heard = platform();
    const wiped = jest.spyOn(Database, "erase");
    localStorage.setItem("me", "{}");
    const stop = jest.fn();
    renderApp(<SettingsPage />, liveEngine(), { stop });
    await userEvent.click(screen.getByRole("button", { name: "Erase everything" }));
    const dialog = within(screen.getByRole("dialog"));
    await userEvent.type(dialog.getByLabelText(/to confirm/), "yes{Enter}");
    expect(dialog.getByRole("button", { name: "Erase everything" })).toBeDisabled();
    expect(sent(heard, "DELETE /api/me")).toHaveLength(0);
    await userEvent.clear(dialog.getByLabelText(/to confirm/));
    await userEvent.type(dialog.getByLabelText(/to confirm/), "erase{Enter}");
    await waitFor(() => expect(reload.startOver).toHaveBeenCalled());
    expect(sent(heard, "DELETE /api/me")).toHaveLength(1);
    expect(stop).toHaveBeenCalled();
    expect(wiped).toHaveBeenCalled();
    expect(localStorage).toHaveLength(0);
  });

  test("keeps what is here where the platform could not erase", async () => {
    const detail = "The store is away.";
    platform({ "DELETE /api/me": () => [503, { title: "", status: 503, detail }] });
    const wiped = jest.spyOn(Database, "erase");
    renderApp(<SettingsPage />);
    await userEvent.click(screen.getByRole("button", { name: "Erase everything" }));
    await userEvent.type(screen.getByLabelText(/to confirm/), "erase{Enter}");
    expect(await screen.findByText(detail)).toBeInTheDocument();
    expect(wiped).not.toHaveBeenCalled();
  });
});

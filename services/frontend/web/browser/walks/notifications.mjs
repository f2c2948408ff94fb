// Ways to be reached: set, tried by a test, and told of each reminder whether it arrived.
import assert from "node:assert/strict";
import { ask, eventually, said, titled, walk } from "../window.mjs";

const NOWHERE = "https://nowhere.invalid/hook"; // a name that never leads anywhere

await walk(async (open) => {
  const [page, other] = [await open("/settings"), await open("/all")];
  const main = page.getByRole("main");
  const tested = (channel) => main.getByRole("button", { name: `Send a test: ${channel}` });

  await tested("In the app").click();
  await main.getByText("The test was delivered.").waitFor();
  await said(other, /test/i);

  await main.getByLabel("Address", { exact: true }).fill("not an address");
  await main.getByRole("switch", { name: "E-mail" }).click();
  await main.getByRole("button", { name: "Save" }).click();
  await main.getByRole("alert").first().waitFor();
  await main.getByLabel("Address", { exact: true }).fill("me@example.com");
  await main.getByLabel("URL").fill(NOWHERE);
  await main.getByRole("switch", { name: "Webhook" }).click();
  assert.ok(await tested("E-mail").isDisabled(), "what is not saved is not tested");
  await main.getByRole("button", { name: "Save" }).click();
  await eventually(async () => {
    const { email, webhook } = await ask("GET", "/api/notifications/settings");
    assert.deepEqual([email.enabled, email.address, webhook.url], [true, "me@example.com", NOWHERE]);
  });
  await tested("E-mail").click();
  await main.getByText("The test was delivered.").waitFor();
  await tested("Webhook").click();
  await main.getByText(/The test was not delivered: ./).waitFor();
  await main.getByRole("button", { name: "Show the key" }).click();
  await main.getByText(/^whsec_/).waitFor();

  await centre(page, other);
});

/** The centre tells of each reminder and each way whether it arrived; what is read in one window is read in all. */
async function centre(page, other) {
  const title = titled("Take the cake out");
  const { id } = await ask("POST", "/api/tasks", {
    title,
    reminders: [{ at: new Date(Date.now() + 1_500).toISOString() }],
  });
  await said(other, title);
  await page.goto("/notifications");
  const item = (one) => one.locator("[data-notification]", { hasText: title });
  await item(page).getByText("In the app: delivered").waitFor();
  await item(page).getByText("E-mail: delivered").waitFor();
  await item(page)
    .getByText(/Webhook: (failed|tried)/)
    .waitFor();
  const main = page.getByRole("main");
  await main.getByRole("button", { name: "Not delivered" }).click();
  await page.waitForURL(/show=failed/);
  await item(page).waitFor();

  await other.goto("/notifications?show=unread");
  await item(other).waitFor();
  await item(page)
    .getByRole("button", { name: `Mark as read: ${title}` })
    .click();
  await main.getByRole("button", { name: "Unread" }).click();
  await main.getByText("Everything is read").waitFor();
  await other.reload();
  await other.getByText("Everything is read").waitFor();
  await main.getByRole("button", { name: "All", exact: true }).click();
  await item(page).getByRole("link", { name: title }).click();
  await page.getByRole("complementary", { name: `Task: ${title}` }).waitFor();
  await fetch(`${process.env.PAGE}/api/tasks/${id}`, { method: "DELETE" });
  await item(page).getByText("(deleted)").waitFor();
}

// What happened, to one task and to all: by whom, what it was before, live, and with the proof that the trail is whole.
import { day } from "../samples.mjs";
import { add, ask, details, held, row, sent, titled, walk } from "../window.mjs";

await walk(async (open) => {
  const page = await open("/all");
  const title = titled("Sign the lease");
  await add(page, title);
  const pane = await details(page, title);
  await pane.getByRole("combobox", { name: "Priority" }).selectOption("high");
  await sent(page);
  const [task] = await held(title);
  const history = pane.locator("li");
  await history.getByText("Changed: priority", { exact: true }).waitFor();
  await history.getByText("Created", { exact: true }).waitFor();

  await pane.getByRole("link", { name: "Show in the activity" }).click();
  await page.waitForURL(`**/activity?of=${task.id}`);
  const main = page.getByRole("main");
  const changed = main.locator('[data-type="task.updated"]');
  await changed.getByText("No priority").waitFor();
  await changed.getByText("High").waitFor();
  await main.locator('[data-type="task.created"]').waitFor();

  await ask("POST", `/api/tasks/${task.id}/complete`, {}); // what is done elsewhere shows by itself
  await main.locator('[data-type="task.completed"]').getByText("by you").waitFor();
  await filtered(page, main);
  await everything(page, main, title);
  await proof(page);
});

/** Narrowed by what happened, by whom and when; the address holds it. */
async function filtered(page, main) {
  await main.getByRole("button", { name: "Completed" }).click();
  await page.waitForURL(/action=completed/);
  await main.locator('[data-type="task.created"]').waitFor({ state: "detached" });
  await main.getByRole("combobox", { name: "By whom" }).selectOption("services");
  await main.getByText("Nothing of the kind").waitFor();
  await page.reload();
  await main.getByText("Nothing of the kind").waitFor();
  await main.getByRole("combobox", { name: "By whom" }).selectOption("all");
  await main.getByRole("button", { name: "All", exact: true }).click();
  const made = main.locator('[data-type="task.created"]');
  await made.waitFor();
  await main.getByLabel("From", { exact: true }).fill(day(2));
  await made.waitFor({ state: "detached" });
  await main.getByLabel("From", { exact: true }).fill(day(-2));
  await main.getByLabel("To", { exact: true }).fill(day(2));
  await made.waitFor();
  await page.waitForURL(/since=.*until=/);
  await main.getByLabel("From", { exact: true }).fill("");
  await main.getByLabel("To", { exact: true }).fill("");
}

/** The trail of all tasks leads to each of them, and tells what became of those that are gone. */
async function everything(page, main, title) {
  await main.getByRole("button", { name: "Show everything" }).click();
  const other = titled("Somebody else's");
  const made = await ask("POST", "/api/tasks", { title: other });
  await main.getByRole("link", { name: other }).click();
  await page.getByRole("complementary", { name: `Task: ${other}` }).waitFor();
  await page.keyboard.press("Escape");
  await fetch(`${process.env.PAGE}/api/tasks/${made.id}`, { method: "DELETE" });
  await main.locator('[data-type="task.deleted"]').getByText(other).waitFor();
  await main.getByText(title).first().waitFor();
  await row(page, title).waitFor({ state: "detached" });
}

async function proof(page) {
  await page.locator('[data-proof="whole"]').click();
  const dialog = page.getByRole("dialog", { name: "Is this trail whole?" });
  await dialog.getByText(/All [\d,]+ entries are as written/).waitFor();
  await dialog.getByRole("button", { name: "Verify again" }).click();
  const { head } = await ask("GET", "/api/audit/verify");
  await dialog.getByText(head).waitFor();
  await page.route("**/api/audit/verify", (route) =>
    route.fulfill({ json: { ok: false, entries: 3, head, broken_at: 2, reason: "its hash is another" } }),
  );
  await dialog.getByRole("button", { name: "Verify again" }).click();
  await dialog.getByText("Entry 2 is not as it was written: its hash is another").waitFor();
  await page.locator('[data-proof="broken"]').waitFor();
}

// Many tasks at once: marked by Ctrl, by keys and by taps; changed, completed and deleted together, each with one undo.
import assert from "node:assert/strict";
import { day, make } from "../samples.mjs";
import { eventually, held, row, sent, titled, walk } from "../window.mjs";

await walk(async (open) => {
  const words = titled("Together");
  const wanted = ["one", "two", "three", "four"].map((name) => `${words} ${name}`);
  await make(wanted.map((title) => ({ title })));
  const address = `/all?status=all&q=${encodeURIComponent(words)}`;
  const [page, other] = [await open(address), await open(address)];
  const holds = (read, values) => eventually(async () => assert.deepEqual((await held(words)).map(read), values));

  for (const title of wanted.slice(0, 2))
    await row(page, title)
      .locator("[data-open]")
      .click({ modifiers: ["Control"] });
  const bar = page.getByRole("toolbar", { name: "2 selected" });
  await bar.getByRole("button", { name: "Priority" }).click();
  await page.getByRole("dialog", { name: "Priority" }).getByRole("button", { name: "Urgent" }).click();
  await holds(({ priority }) => priority, ["urgent", "urgent", "none", "none"]);
  await bar.getByRole("button", { name: "Due" }).click();
  await page.getByRole("dialog", { name: "Due" }).getByRole("button", { name: "Tomorrow" }).click();
  await holds(({ due }) => due?.date ?? null, [day(1), day(1), null, null]);
  await bar.getByRole("button", { name: "Tags" }).click();
  const tags = page.getByRole("dialog", { name: "Tags" });
  await tags.getByLabel("Add a tag").fill("#pair");
  await page.keyboard.press("Enter");
  await holds((task) => task.tags.length, [1, 1, 0, 0]);
  await row(other, wanted[0]).getByText("#pair").waitFor();
  await page.keyboard.press("Escape"); // belongs to the tags, though a toast came after them
  await tags.waitFor({ state: "detached" });
  await bar.waitFor();

  await bar.getByRole("button", { name: "Complete" }).click();
  await holds(({ status }) => status, ["completed", "completed", "open", "open"]);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await holds(({ status }) => status, ["open", "open", "open", "open"]);
  await byKeys(page, holds);
  await byTaps(open, address, wanted, holds);
  await sent(page);
});

/** Shift with an arrow marks as one moves, Ctrl with A all; Delete takes them, Ctrl with Z brings them back. */
async function byKeys(page, holds) {
  await page.locator("[data-open]").first().focus();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.getByRole("toolbar", { name: "3 selected" }).waitFor();
  await page.keyboard.press("Control+a");
  await page.getByRole("toolbar", { name: "4 selected" }).waitFor();
  await page.keyboard.press("Delete");
  await holds(({ title }) => title, []);
  await page.keyboard.press("Control+z");
  await holds(({ status }) => status, ["open", "open", "open", "open"]);
}

/** On a phone there is no Ctrl: a button says that taps mark. */
async function byTaps(open, address, wanted, holds) {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const page = await open(address, phone);
  await page.getByRole("button", { name: "Select tasks" }).tap();
  await row(page, wanted[2]).locator("[data-open]").tap();
  await row(page, wanted[3])
    .getByRole("checkbox", { name: `Select ${wanted[3]}` })
    .tap();
  assert.equal(new URL(page.url()).searchParams.get("task"), null, "a tap opens nothing meanwhile");
  const bar = page.getByRole("toolbar", { name: "2 selected" });
  await bar.getByRole("button", { name: "Complete" }).tap();
  await holds(({ status }) => status, ["open", "open", "completed", "completed"]);
  await bar.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Select tasks" }).tap();
  await page.getByRole("button", { name: "All", exact: true }).tap();
  await page.getByRole("toolbar", { name: "4 selected" }).getByRole("button", { name: "Delete" }).tap();
  await holds(({ title }) => title, []);
}

// A talk with the assistant: one sees that it works, here and in another window, what it changed, and takes that back.
import assert from "node:assert/strict";
import { ask, eventually, gone, live, row, shows, titled, titles, walk } from "../window.mjs";

await walk(async (open) => {
  const page = await open("/assistant");
  const title = titled("Call the bank");
  await waits(page, () => say(page, `Add: ${title} tomorrow at 10am`));
  await page.getByText(`Noted “${title}”`).waitFor();
  await page.waitForURL(/\/assistant\/./);
  assert.deepEqual(await titles(title), [title]);

  const other = await open(new URL(page.url()).pathname);
  const list = await open("/all");
  await row(list, title).waitFor();
  const working = other.evaluate(seen, "[data-working]");
  await say(page, `make ${title} high priority`);
  await working;
  await other.getByRole("main").getByRole("button", { name: "Undo" }).nth(1).waitFor();

  await page.getByRole("main").getByRole("link", { name: title }).first().click();
  await page.getByRole("complementary", { name: `Task: ${title}` }).waitFor();
  await page.keyboard.press("Escape");
  await question(page, list, title);
  await takeBack(page, list, title);
  await forget(page, title);
});

async function say(page, message) {
  await page.getByRole("textbox", { name: "Message" }).fill(message);
  await page.keyboard.press("Enter");
}

/** While there is no answer the page says that it works, and shows what was said. */
async function waits(page, act) {
  let answer = () => {};
  const held = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/chat", async (route) => {
    if (route.request().method() === "POST") await held;
    await route.continue();
  });
  await act();
  await shows(page, "[data-working]");
  answer();
}

/** In the page: until an element shows, if only for a moment. */
function seen(selector) {
  return new Promise((resolve) => {
    const look = () => document.querySelector(selector) && resolve();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    look();
  });
}

/** What cannot be mended is asked for first: no leaves all as it was, yes does it. */
async function question(page, list, title) {
  const answers = page.getByRole("group", { name: "Answer" });
  await say(page, `delete all tasks about ${title}`);
  await answers.getByRole("button", { name: "No", exact: true }).click();
  await answers.waitFor({ state: "detached" });
  await page.getByRole("main").getByText("Then I leave everything as it is.").waitFor(); // until then it is sent nothing else
  assert.deepEqual(await titles(title), [title]);
  await say(page, `delete all tasks about ${title}`);
  await answers.getByRole("button", { name: "Yes" }).click();
  await gone(list, title);
}

/** Each change has its own way back. */
async function takeBack(page, list, title) {
  const undo = page.getByRole("main").getByRole("button", { name: "Undo" });
  await undo.nth(2).click(); // of the deletion, whose turn may come after the list has changed
  await page.getByRole("main").getByText("Taken back").waitFor();
  await row(list, title).waitFor();
  await page.reload();
  await live(page);
  await page.getByText(`Noted “${title}”`).waitFor();
}

/** A conversation is found again, and deleted; what it changed stays. */
async function forget(page, title) {
  await page.getByRole("link", { name: "New conversation" }).click();
  const entry = page.getByRole("link", { name: title });
  await entry.click();
  await page.getByText(`Noted “${title}”`).waitFor();
  await page.getByRole("button", { name: "Delete the conversation" }).click();
  await page.getByRole("button", { name: "Delete it?" }).click();
  await page.waitForURL("**/assistant");
  await entry.waitFor({ state: "detached" });
  await eventually(async () => {
    const { items } = await ask("GET", "/api/chat");
    assert.ok(!items.some((item) => item.title.includes(title)));
  });
  assert.deepEqual(await titles(title), [title]);
}

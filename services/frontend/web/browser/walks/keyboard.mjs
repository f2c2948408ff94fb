// Nobody touches the mouse: add, search, move, complete, take back, open, edit, delete, and change the view.
import assert from "node:assert/strict";
import { eventually, gone, row, sent, titled, titles, walk } from "../window.mjs";

await walk(async (open) => {
  const page = await open("/today");
  const { keyboard } = page;
  const words = titled("Typed");
  const [first, second] = [`${words} alpha`, `${words} beta`];

  await keyboard.press("g");
  await keyboard.press("a");
  await page.waitForURL("**/all");
  await keyboard.press("n");
  for (const title of [first, second]) {
    await keyboard.type(title);
    await keyboard.press("Enter");
    await row(page, title).waitFor();
  }
  await keyboard.press("Escape");

  await keyboard.press("/");
  await keyboard.type(words);
  await eventually(async () => assert.equal(await page.locator("[data-task]").count(), 2));
  await reach(page, first);
  await keyboard.press("e");
  await gone(page, first);
  await keyboard.press("Control+z");
  await row(page, first).waitFor();

  await reach(page, second);
  await keyboard.press("Enter");
  await page.getByRole("complementary", { name: `Task: ${second}` }).waitFor();
  await keyboard.press("Tab");
  await reachLabel(page, "Title");
  await keyboard.press("ControlOrMeta+a");
  await keyboard.type(`${words} gamma`);
  await keyboard.press("Enter");
  await row(page, `${words} gamma`).waitFor();
  await keyboard.press("Escape");
  await page.waitForURL((url) => !url.searchParams.has("task"));

  await reach(page, `${words} gamma`);
  await keyboard.press("Delete");
  await gone(page, `${words} gamma`);
  await sent(page);
  assert.deepEqual(await titles(words), [first]);
  await panels(page, first);
});

/** Move by Tab until the focus is in a task's row. */
function reach(page, title) {
  return tabTo(page, (text) => document.activeElement?.closest("[data-open]")?.textContent.includes(text), title);
}

function reachLabel(page, label) {
  return tabTo(page, (text) => document.activeElement?.getAttribute("aria-label") === text, label);
}

async function tabTo(page, arrived, wanted) {
  for (let presses = 0; presses < 80; presses++) {
    if (await page.evaluate(arrived, wanted)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab leads nowhere near ${wanted}`);
}

/** The help and the palette open and close by keys, and lead to a task. */
async function panels(page, title) {
  const { keyboard } = page;
  await keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await keyboard.type(title);
  await page.getByRole("option", { name: title }).waitFor();
  await keyboard.press("Enter");
  await page.getByRole("complementary", { name: `Task: ${title}` }).waitFor();
}

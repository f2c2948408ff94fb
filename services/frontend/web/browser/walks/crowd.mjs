// Ten thousand tasks: only those in sight are in the page, and its first and last are a key away.
import assert from "node:assert/strict";
import { fill } from "../samples.mjs";
import { ask, eventually, row, sent, walk } from "../window.mjs";

const TASKS = 10_000;
const MOST_ROWS = 100;

await walk(async (open) => {
  await fill(TASKS);
  const page = await open("/all");
  const rows = page.locator("[data-task]");
  await page.getByText("10,000 tasks").waitFor({ state: "attached" });
  assert.ok((await rows.count()) < MOST_ROWS);

  await row(page, "Task 10000").waitFor();
  await rows.first().locator("[data-open]").focus();
  await page.keyboard.press("End");
  await row(page, "Task 00001").waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("Task 00001"));
  await page.keyboard.press("Home");
  await row(page, "Task 10000").waitFor();
  await scroll(page, rows);

  await page.locator("[data-search]").fill("Task 00777");
  await eventually(async () => assert.equal(await rows.count(), 1));
  await row(page, "Task 00777").getByRole("checkbox").click();
  await page.getByText("Nothing matches").waitFor();
  await sent(page);
  const { items } = await ask("GET", "/api/tasks?status=completed");
  assert.deepEqual(
    items.map(({ title }) => title),
    ["Task 00777"],
  );
});

/** By the wheel from end to end: there is always something in sight, and never too much in the page. */
async function scroll(page, rows) {
  await rows.first().hover();
  for (let turns = 0; turns < 12; turns++) {
    await page.mouse.wheel(0, 40_000);
    await eventually(async () => assert.ok(await rows.first().isVisible()));
    assert.ok((await rows.count()) < MOST_ROWS);
  }
  await row(page, "Task 00001").waitFor();
}

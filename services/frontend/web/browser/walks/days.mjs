// From one day to another: dragged by the mouse and by a finger, one or all that are selected, and by keys.
import assert from "node:assert/strict";
import { day, make } from "../samples.mjs";
import { eventually, held, row, sent, titled, walk } from "../window.mjs";

await walk(async (open) => {
  const words = titled("Moved");
  const [first, second, goal] = ["first", "second", "goal"].map((name) => `${words} ${name}`);
  await make([
    { title: first, due: { at: `${day(1)}T18:00:00Z`, time_zone: "UTC" } },
    { title: second, due: { date: day(1) } },
    { title: goal, due: { date: day(3) } },
  ]);
  const page = await open(`/upcoming?q=${encodeURIComponent(words)}`);
  const other = await open(`/upcoming?q=${encodeURIComponent(words)}`);
  const dues = async () => (await held(words)).map(({ due }) => due.date ?? due.at);
  const becomes = (...wanted) => eventually(async () => assert.deepEqual((await dues()).sort(), [...wanted].sort()));

  await drag(page, row(page, first), row(page, goal));
  await page.getByText(`: ${first}`).last().waitFor();
  await becomes(`${day(3)}T18:00:00Z`, day(1), day(3));
  await stands(other, [second, first, goal]);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await becomes(`${day(1)}T18:00:00Z`, day(1), day(3));

  for (const title of [first, second])
    await row(page, title)
      .locator("[data-open]")
      .click({ modifiers: ["Control"] });
  await drag(page, row(page, second), row(page, goal));
  await becomes(`${day(3)}T18:00:00Z`, day(3), day(3));
  await page.keyboard.press("Escape");

  await row(page, second).locator("[data-open]").focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.keyboard.press("Alt+ArrowUp");
  await becomes(`${day(3)}T18:00:00Z`, day(1), day(3));
  await page.keyboard.press("Alt+ArrowDown");
  await becomes(`${day(3)}T18:00:00Z`, day(2), day(3));
  await page.waitForFunction((title) => document.activeElement?.textContent?.includes(title), second);
  await sent(page);
  await byFinger(open, words, second, goal, () => becomes(`${day(3)}T18:00:00Z`, day(3), day(3)));
});

async function centre(locator) {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 3, y + height / 2];
}

async function drag(page, from, to) {
  await page.mouse.move(...(await centre(from)));
  await page.mouse.down();
  const [x, y] = await centre(to);
  await page.mouse.move(x, y - 20, { steps: 6 });
  await page.mouse.move(x, y, { steps: 3 });
  await page.locator("[data-dragged]").waitFor();
  await page.locator("[data-over]").first().waitFor();
  await page.mouse.up();
  await page.locator("[data-dragged]").waitFor({ state: "detached" });
}

/** The tasks of a window stand in an order. */
function stands(page, wanted) {
  const rows = page.locator("[data-task] [data-open]");
  return eventually(async () => assert.deepEqual(await rows.allInnerTexts(), wanted));
}

/** A finger that rests on a task takes it up; one that moves on scrolls. */
async function byFinger(open, words, from, to, check) {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const page = await open(`/upcoming?q=${encodeURIComponent(words)}`, phone);
  await row(page, to).waitFor();
  const session = await page.context().newCDPSession(page);
  const touch = (type, ...points) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
  let [x, y] = [0, 0];
  await eventually(async () => {
    [x, y] = await centre(row(page, from)); // the list by days may only just have taken the place of the plain one
    await touch("touchStart", [x, y]);
    await page
      .locator("[data-dragged]")
      .waitFor({ timeout: 5_000 })
      .catch(async (late) => {
        await touch("touchCancel");
        throw late;
      });
  });
  const [, end] = await centre(row(page, to));
  for (let step = 1; step <= 5; step++) await touch("touchMove", [x, y + ((end - y) * step) / 5]);
  await page.locator("[data-over]").first().waitFor();
  await touch("touchEnd");
  await check();
}

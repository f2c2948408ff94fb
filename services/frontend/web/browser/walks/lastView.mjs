// A start begins with a picture of the view that was left last: it looks as the list will, and goes where the list comes.
import assert from "node:assert/strict";
import { add, ask, eventually, live, row, sent, titled, walk } from "../window.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

await walk(async (open) => {
  for (const options of [{}, PHONE, { colorScheme: "dark" }]) await looksTheSame(open, options);

  const page = await open("/all");
  const title = titled("Not there any more");
  await add(page, title);
  await sent(page);
  await page.goto("/all");
  await live(page);
  await page.locator("#last-view").waitFor({ state: "detached" });
  await page.locator("[data-add]").fill("typed"); // nothing lies over the list
  await row(page, title).locator("[data-open]").click();
  await page.goto("about:blank");

  const other = await page.context().newPage();
  await other.goto("/settings");
  await live(other);
  const kept = () => other.evaluate(() => localStorage.getItem("last-view"));
  const { items } = await ask("GET", `/api/tasks?q=${encodeURIComponent(title)}`);
  await page.goto("/all");
  await row(page, title).waitFor();
  await page.goto("about:blank");
  await eventually(async () => assert.ok((await kept())?.includes(title), "what was left is kept"));
  await ask("POST", `/api/tasks/${items[0].id}/complete`);
  await eventually(async () => assert.equal(await kept(), null, "what is old is not kept"));
});

/** A picture has every line where the list has it; the page's own scripts are kept away to look at it. */
async function looksTheSame(open, options) {
  const page = await open("/all", { ...options, serviceWorkers: "block" });
  const [title, long] = [titled("Seen again"), `${titled("Long")} ${"and longer ".repeat(30)}`];
  for (const one of [title, long]) {
    await ask("POST", "/api/tasks", { title: one, tags: ["home"], due: { date: "2036-05-01" }, priority: "high" });
    await row(page, one.trim()).waitFor();
  }
  const before = await page.evaluate(places);
  await page.route(/\/_next\/static\/.*\.js$/, (route) => route.abort());
  await page.reload();
  await page.locator("#last-view main li").first().waitFor();
  const after = await page.evaluate(places);
  assert.ok(before.length > 2 && after.length === before.length, `${after.length} lines of ${before.length}`);
  assert.deepEqual(after, before);
  assert.equal(await page.locator("[data-task]").count(), 0, "it is a picture alone");
  await page.unroute(/\/_next\/static\/.*\.js$/);
  await page.goto("/all");
  await row(page, title).waitFor();
  await page.context().close();
}

/** Where the texts of the list and of the frame stand, and what they say. */
function places() {
  const texts = [...document.querySelectorAll("li, h1, nav a, [class*=title]")].filter((one) => one.checkVisibility());
  return texts.map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [one.textContent, ...[x, y, width, height].map(Math.round), getComputedStyle(one).color].join(" ");
  });
}

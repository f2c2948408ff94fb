// A start begins with a picture of the view that was left last: it looks as the list will, and goes where the list comes.
import assert from "node:assert/strict";
import { add, ask, eventually, live, row, sent, titled, walk } from "../window.mjs";

const SCRIPTS = /\/_next\/static\/.*\.js$/;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

await walk(async (open) => {
  for (const options of [{}, PHONE, { colorScheme: "dark" }]) await looksTheSame(open, options);
  await ask("PATCH", "/api/me", { locale: "de" });
  await looksTheSame(open, { locale: "de-DE" });
  await ask("PATCH", "/api/me", { locale: "en" });

  const page = await open("/all");
  const title = titled("Not there any more");
  await add(page, title);
  await sent(page);
  await page.goto("/all");
  await live(page);
  await page.locator("#last-view").waitFor({ state: "detached" });
  await page.locator("[data-add]").fill("typed");
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

/**
 * A picture has every text where the list had it when it was left, and where the list has it in the paint that takes the
 * picture away. To look at the picture alone, the page's own scripts are kept away.
 */
async function looksTheSame(open, options) {
  const page = await open("/all", { ...options, serviceWorkers: "block" });
  const [title, long] = [titled("Seen again"), `${titled("Long")} ${"and longer ".repeat(30)}`];
  for (const one of [title, long]) {
    await ask("POST", "/api/tasks", { title: one, tags: ["home"], due: { date: "2036-05-01" }, priority: "high" });
    await row(page, one.trim()).waitFor();
  }
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  const before = await page.evaluate(places);
  await page.route(SCRIPTS, (route) => route.abort());
  await page.reload();
  await page.locator("#last-view main li").first().waitFor();
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  const pictured = await page.evaluate(places);
  assert.ok(before.length > 8, `only ${before.length} texts`);
  assert.deepEqual(pictured, before);
  assert.equal(await page.locator("[data-task]").count(), 0, "it is a picture alone");

  await page.unroute(SCRIPTS);
  await page.addInitScript(`globalThis.places = ${places}; (${watch})()`);
  await page.goto("/all");
  await row(page, title).waitFor();
  const { drawn, left } = await page.evaluate(() => globalThis.lastView);
  assert.ok(drawn, "there was a picture");
  assert.deepEqual(left, before);
  await page.context().close();
}

/** Note in the page that a picture was drawn, and where the texts stand right after it went. */
function watch() {
  globalThis.lastView = { drawn: false, left: null };
  new MutationObserver((_, observer) => {
    const there = document.querySelector("#last-view main li") !== null;
    if (globalThis.lastView.drawn && !there) {
      observer.disconnect();
      globalThis.lastView.left = globalThis.places();
    }
    globalThis.lastView.drawn ||= there;
  }).observe(document, { childList: true, subtree: true });
}

/** Where the texts of the list and of the frame stand, and what they say. */
function places() {
  const texts = [...document.querySelectorAll("li, h1, nav a, [class*=title]")].filter((one) => one.checkVisibility());
  return texts.map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [one.textContent, ...[x, y, width, height].map(Math.round), getComputedStyle(one).color].join(" ");
  });
}

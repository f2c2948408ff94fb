// What every walk stands on: Chromium, windows that are apart as two devices are, and the platform's own answer.
import assert from "node:assert/strict";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const PAGE = process.env.PAGE;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PATIENCE_MS = 240_000;
const BROKEN = /Content Security Policy|Minified React error|Hydration|ChunkLoadError/i;

/** What is wrong though the walk goes on; it fails in the end. */
export const wrong = [];

/** Play a walk in a browser. It fails where the page throws, or breaks its content security policy. */
export async function walk(play) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
  /** Open a window of a device of its own at an address of the page, and wait until it is live, or `until` says. */
  const open = async (path, { until = live, ...options } = {}) => {
    const context = await browser.newContext({ baseURL: PAGE, reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    context.on("page", (page) => {
      page.on("pageerror", (error) => wrong.push(error.stack));
      page.on("console", (message) => BROKEN.test(message.text()) && wrong.push(message.text()));
    });
    const page = await context.newPage();
    await page.goto(path);
    await until(page);
    return page;
  };
  try {
    await play(open);
    assert.equal(wrong.length, 0, "what is wrong stands above");
  } catch (error) {
    process.stdout.write(`${wrong.join("\n")}\n`);
    await picture(browser);
    throw error;
  } finally {
    await browser.close();
  }
}

/** Keep what every window shows, for who asks why a walk failed. */
async function picture(browser) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [number, page] of pages.entries()) {
    const path = join(process.env.KEEP ?? ".", `window-${number}.png`);
    await page.screenshot({ path, timeout: 5_000 }).catch(() => {});
  }
}

export const live = (page) => shows(page, '[data-connection="live"]');

/** Wait until all changes of a window were sent. */
export const sent = (page) => waiting(page, 0);
export const waiting = (page, count) => shows(page, `[data-waiting="${count}"]`);

export async function shows(page, selector) {
  await page.locator(selector).first().waitFor({ state: "attached" });
}

/** The row of a task in a list. */
export const row = (page, title) => page.locator("[data-task]", { has: page.getByText(title, { exact: true }) });

export const gone = (page, title) => row(page, title).waitFor({ state: "detached" });

/** What a window says at its foot for a moment. */
export const said = (page, text) =>
  page
    .getByRole("region", { name: /^Messages/ })
    .getByText(text)
    .first()
    .waitFor();

/** A title that no other walk has, in letters that no reader of lines takes for a date. */
export function titled(text) {
  const letters = "bcdfghjklmnpqrstvwxz";
  const random = Array.from({ length: 8 }, () => letters[Math.floor(Math.random() * letters.length)]);
  return `${text} ${random.join("")}`;
}

export async function add(page, title) {
  await page.locator("[data-add]").fill(title);
  await page.locator("[data-add]").press("Enter");
  await row(page, title).waitFor();
}

/** Open a task beside the list; returns what it shows. */
export async function details(page, title) {
  await row(page, title).locator("[data-open]").click();
  const pane = page.getByRole("complementary", { name: `Task: ${title}` });
  await pane.waitFor();
  return pane;
}

/** Ask the platform itself. */
export async function ask(method, path, body) {
  const answer = await fetch(PAGE + path, {
    method,
    headers: { "Content-Type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** All tasks that the platform holds whose titles have these words, the first made first. */
export async function held(words) {
  const found = [];
  let cursor = "";
  do {
    const { items, next_cursor } = await ask("GET", `/api/tasks?status=all&limit=200${cursor && `&cursor=${cursor}`}`);
    found.push(...items.filter(({ title }) => title.includes(words)));
    cursor = next_cursor ? encodeURIComponent(next_cursor) : "";
  } while (cursor);
  return found.sort((one, other) => (one.id < other.id ? -1 : 1));
}

export const titles = async (words) => (await held(words)).map(({ title }) => title);

/** Wait until a check of ours holds. */
export async function eventually(check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Strike a process of the platform by kill -9; whoever started this program does it. */
export const strike = (name) => process.stdout.write(`strike ${name}\n`);

// How quick the page is, in a browser with the processor of a mid-range phone: measured values as JSON on standard output.
import { calibrate } from "./calibrate.mjs";
import { fill } from "./samples.mjs";
import { ask, live as isLive, row, titled, walk } from "./window.mjs";

const STARTS = Number(process.env.STARTS ?? 10);
const KEYS = Number(process.env.KEYS ?? 60);
const CHANGES = Number(process.env.CHANGES ?? 40);
const TASKS = Number(process.env.TASKS ?? 10_000);

const found = { processor: [] };
await walk(async (open) => {
  const browser = (await open("/settings")).context().browser();
  /** Before each part: a machine that is shared is not as quick a minute later. */
  const calibrated = async () => {
    const page = await browser.newPage();
    found.processor.push(await calibrate(page));
    await page.close();
  };
  await calibrated();
  for (let number = 0; number < 30; number++) await ask("POST", "/api/tasks", { title: `First list ${number}` });
  Object.assign(found, await starts(open));
  await calibrated();
  found.change = await changes(open);
  await fill(TASKS);
  await calibrated();
  found.key = await keys(open);
});
process.stdout.write(`${JSON.stringify(found)}\n`);

async function slow(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: found.processor.at(-1).rate });
  return session;
}

/** From the start of the navigation to the frame that shows the first task: without a cache, and again. */
async function starts(open) {
  const [cold, again, live, bytes] = [[], [], [], []];
  for (let number = 0; number < STARTS; number++) {
    const page = await open("/settings"); // settings hold no list: what is measured comes first here
    const context = page.context();
    await page.close();
    const fresh = await (await context.browser().newContext({ baseURL: process.env.PAGE })).newPage();
    const session = await slow(fresh);
    const scripts = weigh(session);
    await session.send("Network.enable");
    cold.push((await start(fresh)).seen);
    bytes.push(scripts.bytes);
    await fresh.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await isLive(fresh);
    await fresh.waitForLoadState("networkidle"); // the first visit is over
    const second = await start(fresh);
    again.push(second.seen);
    live.push(second.live);
    await fresh.context().close();
    await context.close();
  }
  return { cold, again, live, bytes };
}

/** Sum up what scripts weigh on the wire. */
function weigh(session) {
  const scripts = { bytes: 0 };
  const kinds = new Map();
  session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (kinds.get(requestId) === "Script") scripts.bytes += encodedDataLength;
  });
  return scripts;
}

/** When a start showed the list, be it the picture of the one that was left last, and when the list itself was there. */
async function start(page) {
  await page.goto("/all", { waitUntil: "commit" });
  const [seen, live] = await Promise.all([
    page.evaluate(painted, { among: "[data-task], #last-view main li", title: "" }),
    page.evaluate(painted, { among: "[data-task]", title: "" }),
  ]);
  return { seen: seen.after, live: live.after };
}

/** Wait in the page for the frame that shows a task whose title has this text: `after` the start, `at` which time. */
function painted({ among, title }) {
  return new Promise((resolve) => {
    const look = () => {
      if (![...document.querySelectorAll(among)].some(({ textContent }) => textContent.includes(title))) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve({ after: performance.now(), at: Date.now() })));
    };
    const watch = new MutationObserver(look); // to look at each frame would have frames made for nothing
    watch.observe(document, { childList: true, characterData: true, subtree: true });
    look();
  });
}

/** From a key in the search field to the paint after it, as the browser's own event timing tells. */
async function keys(open) {
  const page = await open("/all");
  await page
    .getByText(`${(TASKS + 30).toLocaleString("en")} tasks`)
    .waitFor({ state: "attached" })
    .catch(() => {});
  await slow(page);
  await page.evaluate(() => {
    globalThis.keys = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.name === "keydown") globalThis.keys.push(entry.duration);
    }).observe({ type: "event", durationThreshold: 16, buffered: true });
  });
  await page.locator("[data-add]").focus();
  for (let number = 0; number < KEYS; number++) {
    await page.keyboard.press("abcdefgh"[number % 8]);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
  const told = await page.evaluate(() => globalThis.keys);
  return [...told, ...Array(Math.max(0, KEYS - told.length)).fill(16)]; // what is quicker than 16 ms is not told
}

/** From Enter in one window to the frame of the other that shows the task; both on one clock. */
async function changes(open) {
  const [one, other] = [await open("/all"), await open("/all")];
  for (const page of [one, other]) {
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {})); // windows at rest
    await slow(page);
  }
  const taken = [];
  for (let number = 0; number < CHANGES; number++) {
    const title = titled("Change");
    await one.locator("[data-add]").fill(title);
    await one.locator("form button").waitFor(); // whether the line has been read by then or not
    const seen = other.evaluate(painted, { among: "[data-task]", title });
    await one.evaluate(() =>
      document.addEventListener("keydown", () => Object.assign(globalThis, { pressed: Date.now() }), {
        capture: true,
        once: true,
      }),
    );
    await one.keyboard.press("Enter");
    taken.push((await seen).at - (await one.evaluate(() => globalThis.pressed)));
    await row(one, title).waitFor();
  }
  await one.context().close();
  await other.context().close();
  return taken;
}

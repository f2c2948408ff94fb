// The page is kept by the device: it can be installed, and starts without a network with the tasks that it had.
import assert from "node:assert/strict";
import { add, ask, eventually, live, PAGE, row, sent, shows, titled, walk } from "../window.mjs";

await walk(async (open) => {
  const page = await open("/all");
  const title = titled("Kept on the device");
  await add(page, title);
  await sent(page);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await installable(page);
  await page.reload();
  await live(page);
  await eventually(() => routed(page));

  await page.context().setOffline(true);
  const [worker] = page.context().serviceWorkers();
  assert.equal(await worker.evaluate(() => fetch("/api/me").then(Boolean, () => false)), false, "no way out");
  const again = await page.reload();
  assert.ok(again.fromServiceWorker());
  await row(page, title).waitFor();
  await shows(page, '[data-connection="offline"]');
  await page.goto("/settings"); // a view whose code was never asked for
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  await page.goto("/today");
  await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
});

/** Where the browser had what the page asked for: the build from the device, the platform's own over the network. */
async function routed(page) {
  const found = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name, workerMatchedSourceType: source }) => [new URL(name).pathname, source]),
  );
  const sources = (start) => [...new Set(found.flatMap(([path, source]) => (path.startsWith(start) ? [source] : [])))];
  assert.deepEqual(sources("/_next/static/"), ["cache"]);
  assert.deepEqual(sources("/config.json"), ["network"]);
  assert.deepEqual(sources("/api/"), ["network"]);
}

/** What browsers want of a page before they offer to install it; Chromium names what it misses. */
async function installable(page) {
  const { icons, start_url } = await ask("GET", "/manifest.webmanifest");
  assert.equal(start_url, "/today");
  for (const { src, type } of icons) {
    const icon = await fetch(PAGE + src);
    assert.equal(icon.status, 200, src);
    assert.equal(icon.headers.get("content-type").split(";")[0], type);
  }
  const session = await page.context().newCDPSession(page);
  const { errors } = await session.send("Page.getAppManifest");
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  const found = installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito");
  assert.deepEqual([...errors, ...found], []);
}

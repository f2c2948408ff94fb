import { createHash, webcrypto } from "node:crypto";
import { type Build, WorkerBrowser } from "./worker";

Object.defineProperty(globalThis, "crypto", { configurable: true, value: webcrypto });

const OLD = build("old");
const NEW = build("new");

function build(name: string): Build {
  const page = createHash("sha256").update(`page of ${name}`).digest("hex");
  return { version: name, page, files: [`/_next/static/${name}.js`, "/icon.svg"] };
}

/** A platform that serves a build. */
function serving({ version, files }: Build) {
  return async (address: string) => {
    const found = address === "/" || files.includes(address) || !address.includes(".");
    const text = address.includes(".") ? `${address} of ${version}` : `page of ${version}`;
    const bytes = new TextEncoder().encode(text);
    const answer = { status: found ? 200 : 404, text, arrayBuffer: async () => bytes };
    return { ...answer, clone: () => answer };
  };
}

const asked = (path: string, mode = "cors", method = "GET") => ({
  request: { method, mode, url: `http://page${path}` },
});

async function installed(browser: WorkerBrowser, wanted: Build, install: object = {}) {
  browser.network = serving(wanted);
  const worker = browser.run(wanted);
  await worker("install", install);
  await worker("activate");
  return worker;
}

const noNetwork = () => Promise.reject(new TypeError("Failed to fetch"));

test("without a network every address of the page is the page that was kept, and its files are there", async () => {
  const browser = new WorkerBrowser();
  const worker = await installed(browser, OLD);
  browser.network = noNetwork;
  expect(await worker("fetch", asked("/tags/home?q=a", "navigate"))).toMatchObject({ text: "page of old" });
  expect(await worker("fetch", asked("/_next/static/old.js"))).toMatchObject({ status: 200 });
});

test("with a network the page is the platform's, unless it answers nothing or an error", async () => {
  const browser = new WorkerBrowser();
  const worker = await installed(browser, OLD);
  browser.network = serving(NEW);
  expect(await worker("fetch", asked("/today", "navigate"))).toMatchObject({ text: "page of new" });
  browser.network = async () => ({ status: 503, text: "unavailable" });
  expect(await worker("fetch", asked("/today", "navigate"))).toMatchObject({ text: "page of old" });
  jest.useFakeTimers();
  browser.network = () => new Promise(() => {});
  const answer = worker("fetch", asked("/today", "navigate"));
  await jest.advanceTimersByTimeAsync(3_000);
  jest.useRealTimers();
  expect(await answer).toMatchObject({ text: "page of old" });
});

test("what the browser asked for while the worker was started is not asked for again", async () => {
  const browser = new WorkerBrowser();
  const worker = await installed(browser, OLD);
  expect(browser.preloads).toBe(1);
  browser.network = noNetwork;
  const opening = (preloadResponse: Promise<unknown>) =>
    worker("fetch", { ...asked("/today", "navigate"), preloadResponse });
  expect(await opening(Promise.resolve({ status: 200, text: "page of new" }))).toMatchObject({ text: "page of new" });
  expect(await opening(noNetwork())).toMatchObject({ text: "page of old" });
  expect(await opening(Promise.resolve(undefined))).toMatchObject({ text: "page of old" });
});

test.each(["/api/tasks", "/ws", "/mcp", "/docs", "/openapi.json", "/config.json"])(
  "%s is never answered by the worker",
  async (path) => {
    const worker = await installed(new WorkerBrowser(), OLD);
    expect(await worker("fetch", asked(path))).toBeUndefined();
    expect(await worker("fetch", asked("/today", "navigate", "POST"))).toBeUndefined();
  },
);

test("browsers that know routes ask it for neither the API nor the build's files; those that do not get the same", async () => {
  const browser = new WorkerBrowser();
  const addRoutes = jest.fn();
  const worker = await installed(browser, OLD, { addRoutes });
  const [others, files] = addRoutes.mock.calls[0][0];
  expect([others.source, files.source]).toEqual(["network", "cache"]);
  expect(others.condition.or).toContainEqual({ urlPattern: { pathname: "/api/*" } });
  expect(others.condition.or).toContainEqual({ urlPattern: { pathname: "/config.json" } });
  expect(files.condition).toEqual({ urlPattern: { pathname: "/_next/static/*" } });
  expect(await worker("fetch", asked("/_next/static/old.js"))).toMatchObject({ status: 200 });
});

test("a window of the build before still finds its files; those of older builds are let go", async () => {
  const browser = new WorkerBrowser();
  await installed(browser, build("oldest"));
  await installed(browser, OLD);
  const worker = await installed(browser, NEW);
  expect([...browser.stored.keys()]).toEqual(["page-old", "page-new"]);
  expect(await worker("fetch", asked("/_next/static/old.js"))).toMatchObject({ text: "/_next/static/old.js of old" });
});

test("a page of another build than the worker's is not kept: the next visit tries again", async () => {
  const browser = new WorkerBrowser();
  browser.network = serving(OLD);
  await expect(browser.run(NEW)("install")).rejects.toThrow("being updated");
  expect(browser.stored.get("page-new")?.size ?? 0).toBe(0);
});

test("a notification of the browser leads to its address: in the window that is open, or in a new one", async () => {
  const browser = new WorkerBrowser();
  const worker = await installed(browser, OLD);
  const notification = { close: () => {}, data: { address: "/notifications?task=a" } };
  await worker("notificationclick", { notification });
  expect(browser.opened).toEqual(["/notifications?task=a"]);
  browser.windows = [{ postMessage: (message) => browser.told.push(message), focus: () => {} }];
  await worker("notificationclick", { notification });
  expect(browser.told).toEqual([{ type: "go", address: "/notifications?task=a" }]);
});

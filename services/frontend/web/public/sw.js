// The page without a network: the files of this build are kept, and any address of the page gets the page itself.
// Calls to the API are never answered from here: the page has its own copy of the tasks.
// scripts/finish.mjs fills in what the build knows.
const CACHE = "page-__VERSION__";
const PAGE = "__PAGE__"; // the page's SHA-256
const FILES = new Set(["__FILES__"]);
const PATIENCE_MS = 3_000; // a network that says nothing for so long is as good as none
/** What is none of the page, and the platform's alone to answer. */
const OTHERS = ["api", "ws", "mcp", "docs", "openapi.json", "config.json"];
/** What browsers that know routes do without asking this worker, as it would by `fetch` below. */
const ROUTES = [
  { condition: { or: OTHERS.flatMap((name) => [at(`/${name}`), at(`/${name}/*`)]) }, source: "network" },
  { condition: at("/_next/static/*"), source: "cache" },
];

self.addEventListener("install", (event) => {
  event.addRoutes?.(ROUTES);
  event.waitUntil(fill().then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (OTHERS.includes(pathname.split("/")[1])) return;
  if (mode === "navigate") event.respondWith(navigated(event));
  else if (FILES.has(pathname) || pathname.startsWith("/_next/static/")) event.respondWith(kept(event.request));
});

function at(pathname) {
  return { urlPattern: { pathname } };
}

/** Keep all files of this build, or fail as a whole: the browser asks again with the next visit. */
async function fill() {
  const cache = await caches.open(CACHE);
  const page = await fetch("/", { cache: "reload" });
  const digest = await crypto.subtle.digest("SHA-256", await page.clone().arrayBuffer());
  const found = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== PAGE) throw new Error("the platform is being updated: its page is of another build than this worker");
  await Promise.all([cache.addAll([...FILES]), cache.put("/", page)]);
}

/**
 * Serve all windows; the platform is asked for the page while this worker is still being started. Where the browser knows
 * no routes, a person who opens /docs has it asked for twice: it knows only then that this worker does not answer for it.
 */
async function begin() {
  await clear();
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

/** Let go of the builds of old, but the one before: windows that are open still load parts of it. */
async function clear() {
  const others = (await caches.keys()).filter((name) => name.startsWith("page-") && name !== CACHE);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

/** The page as the platform has it now; as it was kept where the platform cannot be reached. */
async function navigated({ request, preloadResponse }) {
  const asked = Promise.resolve(preloadResponse).then((answer) => answer ?? fetch(request));
  asked.catch(() => {}); // it is asked for below
  const own = await caches.match("/", { cacheName: CACHE });
  const fresh = asked.then((answer) => (answer.status < 500 ? answer : (own ?? answer)));
  if (!own) return fresh;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, own));
  return Promise.race([fresh.catch(() => own), late]);
}

/** A file of this build, or of the one before; names tell the content, so that what is kept is right. */
async function kept(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? (await caches.match(request)) ?? fetch(request);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = event.notification.data?.address ?? "/today";
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then(([client]) => {
      if (!client) return self.clients.openWindow(address);
      client.postMessage({ type: "go", address });
      return client.focus();
    }),
  );
});

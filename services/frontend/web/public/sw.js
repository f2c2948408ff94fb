// The page without a network: the files of this build are kept, and any address of the page gets the page itself.
// Calls to the API are never answered from here: the page has its own copy of the tasks.
const CACHE = "page-__VERSION__";
const FILES = ["__FILES__"];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (/^\/(api|ws|mcp|docs|openapi\.json|config\.json)(\/|$)/.test(url.pathname)) return;
  if (event.request.mode === "navigate") event.respondWith(navigated(event.request));
  else if (url.pathname.startsWith("/_next/static/")) event.respondWith(kept(event.request));
});

/** The page as the platform has it now; as it was kept where the platform cannot be reached. */
async function navigated(request) {
  try {
    const response = await fetch(request);
    if (response.status < 500) return response;
  } catch {}
  return (await caches.match("/", { cacheName: CACHE })) ?? Response.error();
}

/** Files under names that tell their content: what is kept is right. */
async function kept(request) {
  return (await caches.match(request)) ?? fetch(request);
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

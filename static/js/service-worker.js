// Its only job: show the offline page when a page cannot be loaded. It never caches a page of the shop or a cart.
// The server puts the constant OFFLINE, { version, page, files }, before this text.

addEventListener("install", (event) => {
  // Requests other than navigations bypass the worker, in browsers with static routing.
  event.addRoutes?.([
    { condition: { urlPattern: { pathname: "/static/(css|js)/offline.*" } }, source: "cache" },
    { condition: { not: { requestMode: "navigate" } }, source: "network" },
  ])?.catch(() => {});
  event.waitUntil(fillCache().then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([deleteOldCaches(), registration.navigationPreload?.enable()]));
});

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (mode === "navigate" && method === "GET") event.respondWith(page(event));
  else if (OFFLINE.files.includes(new URL(url).pathname)) event.respondWith(cached(url));
});

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return cached(OFFLINE.page);
  }
}

const cached = (url) => caches.match(url, { ignoreVary: true });

async function fillCache() {
  const cache = await caches.open(OFFLINE.version);
  await cache.addAll([OFFLINE.page, ...OFFLINE.files]);
}

async function deleteOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== OFFLINE.version).map((name) => caches.delete(name)));
}

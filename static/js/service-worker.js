// One job: where a page cannot be fetched at all, show the offline page. No page of the shop is ever kept, and no cart.
// OFFLINE, { version, page, files }, stands before this text when it is served.

addEventListener("install", (event) => {
  // What is no page goes past the worker, in browsers that can be told so.
  event.addRoutes?.([
    { condition: { urlPattern: { pathname: "/static/css/offline.*" } }, source: "cache" },
    { condition: { not: { requestMode: "navigate" } }, source: "network" },
  ])?.catch(() => {});
  event.waitUntil(keep().then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([forgetOthers(), registration.navigationPreload?.enable()]));
});

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (mode === "navigate" && method === "GET") event.respondWith(page(event));
  else if (OFFLINE.files.includes(new URL(url).pathname)) event.respondWith(kept(url));
});

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return kept(OFFLINE.page);
  }
}

const kept = (url) => caches.match(url, { ignoreVary: true });

async function keep() {
  const cache = await caches.open(OFFLINE.version);
  await cache.addAll([OFFLINE.page, ...OFFLINE.files]);
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== OFFLINE.version).map((name) => caches.delete(name)));
}

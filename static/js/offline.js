// The page that was asked for comes back by itself once the shop can be reached.

const EVERY = 5_000; // milliseconds

async function look() {
  const reply = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (reply) location.reload();
}

if (location.pathname !== "/offline") {
  addEventListener("online", look);
  setInterval(look, EVERY);
}

// Behavior that HTML, CSS and htmx lack. Every listener is on the document, so swapped markup needs no setup.

const ATTEMPTS = 4;
const TIMEOUT = 10_000; // milliseconds for one attempt
const BACKOFF = 300; // milliseconds before the first retry; doubles with each retry
const STEP_DELAY = 300; // milliseconds of pause after which steps of a quantity are sent as one change
const UNAVAILABLE = [502, 503, 504];

const byId = (id) => document.getElementById(id);
const on = (type, listener, capture = false) => document.addEventListener(type, listener, capture);
const say = (name) => byId("status").replaceChildren(byId(`status-${name}`).content.cloneNode(true));

// --- requests: one idempotency key per change, the same for every retry

let requests = 0;

on("htmx:config:request", ({ detail: { ctx } }) => {
  ctx.order = ++requests;
  if (!ctx.sourceElement.matches("[data-light]")) ctx.fetch = fetchWithRetries;
  if (ctx.request.method === "GET") dropEmpty(ctx.request.body);
  else ctx.request.headers["Idempotency-Key"] = newKey();
  keepOnly(ctx.sourceElement.dataset.only, ctx.request.body);
});

// The check of one field sends that field only, never the card number.
function keepOnly(names, form) {
  for (const name of names ? [...form.keys()] : []) if (!names.split(" ").includes(name)) form.delete(name);
}

// crypto.randomUUID() needs a secure context, which a shop tried out in a local network does not have.
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function dropEmpty(form) {
  for (const [name, value] of [...form]) if (value === "") form.delete(name);
}

async function fetchWithRetries(url, request) {
  for (;;) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt) {
        say("retrying");
        await new Promise((resolve) => setTimeout(resolve, BACKOFF * 2 ** (attempt - 1)));
      }
      const response = await fetchOnce(url, request);
      if (response) {
        byId("status").querySelector("[data-network]")?.remove();
        return response;
      }
    }
    say("failed");
    await untilTryAgain(request.signal);
  }
}

async function fetchOnce(url, request) {
  try {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT)]);
    const response = await fetch(url, { ...request, signal });
    if (UNAVAILABLE.includes(response.status)) return null;
    await response.clone().arrayBuffer(); // throws if the reply is cut off
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    return null;
  }
}

function untilTryAgain(signal) {
  return new Promise((resolve, reject) => {
    document.addEventListener("shop:try-again", resolve, { once: true });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const retryAll = () => document.dispatchEvent(new Event("shop:try-again"));
addEventListener("online", retryAll);
on("submit", retryAll);
on("click", ({ target }) => target.closest("[data-try-again]") && retryAll());

on("htmx:response:error", ({ detail: { ctx } }) => ctx.text.includes("<hx-partial") || say("refused"));

// --- clicks: ignore the second click of a double click, and the repeats of a key held down

const isOneShot = (target) => target.closest?.("button:not([data-step]), a");

on("click", (event) => event.detail > 1 && isOneShot(event.target) && event.preventDefault(), true);
on("keydown", (event) => {
  if (event.repeat && event.key === "Enter" && isOneShot(event.target)) event.preventDefault();
}, true);

// --- swaps: an older reply never overwrites a newer one, and focus, open sections and scroll positions survive

let shown = { order: 0, revision: 0 };

on("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
  const revision = revisionOf(tasks);
  ctx.showsCart = revision !== undefined;
  if (ctx.showsCart) {
    if (ctx.order < shown.order && revision < shown.revision) {
      tasks.splice(0, tasks.length, ...tasks.filter(({ target }) => target?.id === "status"));
    } else {
      shown = { order: Math.max(ctx.order, shown.order), revision };
    }
  }
  for (const { target, fragment } of tasks) keepOpen(target, fragment);
  ctx.place = placeInCart(tasks);
  ctx.scrolled = byId("filters")?.scrollTop; // on a phone the filters scroll
});

on("htmx:after:swap", ({ detail: { ctx } }) => {
  for (const [id, { value }] of steps) if (byId(id)) byId(id).value = value;
  if (ctx.scrolled) byId("filters")?.scrollTo(0, ctx.scrolled);
  if (ctx.target?.id === "product") say("chosen");
  if (ctx.sourceElement?.id === "checkout-form") byId("alert")?.focus();
  if (ctx.place !== undefined && document.activeElement === document.body) focusPlace(ctx.place);
  if (byId("cart-drawer").open && document.activeElement === document.body) byId("cart-drawer-title").focus();
  if (ctx.request.method !== "POST" || ctx.response.status >= 400) return;
  if (ctx.showsCart) channel?.postMessage("changed");
  byId(ctx.sourceElement?.dataset?.opens)?.showModal();
});

function revisionOf(tasks) {
  const root = tasks.map(({ fragment }) => fragment.querySelector("[data-revision]")).find(Boolean);
  return root && Number(root.dataset.revision);
}

function keepOpen(target, fragment) {
  for (const { id } of target?.querySelectorAll?.("details[open][id]") ?? []) {
    fragment.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  }
}

// Position of the focus before a swap of the cart: the id of its [data-place] or the index of its line; -1: elsewhere
// in the cart; undefined: outside of it.
function placeInCart(tasks) {
  const focus = document.activeElement;
  if (!tasks.some(({ target }) => target?.id === "cart" && target.contains(focus))) return undefined;
  return focus.closest("[data-place]")?.id ?? lines().findIndex((line) => line.contains(focus));
}

const lines = () => [...document.querySelectorAll("#cart [data-line]")];

function focusPlace(place) {
  const line = place < 0 ? undefined : (lines()[place] ?? lines().at(-1));
  const target = typeof place === "string" ? byId(place) : line;
  const control = target?.querySelector("[aria-invalid]") ?? target?.querySelector("summary, [data-remove]");
  (control ?? byId("cart-title")).focus();
}

// --- stepper: minus and plus buttons; in the cart a change is sent after a pause

const steps = new Map(); // id of the field -> { value, timer }; by id, because a swap may replace the field

on("click", ({ target }) => {
  const button = target.closest("[data-step]");
  const field = button?.parentElement.querySelector("input");
  if (!field) return;
  if (button.dataset.step > 0) field.stepUp();
  else field.stepDown();
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

on("change", ({ target }) => {
  if (target.matches("[data-sends]")) {
    clearTimeout(steps.get(target.id)?.timer);
    steps.set(target.id, { value: target.value, timer: setTimeout(sendSteps, STEP_DELAY, target.id) });
  } else if (target.matches("[data-submit-on-change]")) {
    target.form.elements.return_to.value = location.pathname + location.search;
    target.form.requestSubmit();
  }
});

on("submit", ({ target }) => forgetSteps(target.querySelector("[data-sends]")?.id), true);

function sendSteps(id) {
  steps.delete(id);
  byId(id)?.form.requestSubmit();
}

function forgetSteps(id) {
  clearTimeout(steps.get(id)?.timer);
  steps.delete(id);
}

// --- search: CSS shows the panel while it has the focus; arrow keys move through it, Escape closes it

on("keydown", (event) => {
  if (!event.target.closest?.("#search")) return;
  const [field, panel] = [byId("q"), byId("search-panel")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops = [field, ...panel.querySelectorAll("a")];
  if (event.key === "Escape" && panel.firstElementChild) {
    panel.replaceChildren();
    field.focus();
  } else if (step) stops.at((stops.indexOf(document.activeElement) + step) % stops.length).focus();
  else return;
  event.preventDefault();
});

// --- drawer, gallery, pictures

on("click", ({ target, detail }) => target.matches("dialog") && detail < 2 && target.close());
on("click", ({ target }) => {
  if (target.matches(".filters")) target.open = false; // a click outside of the sheet
});

on("click", (event) => {
  const slide = event.target.closest("[data-slide]");
  if (!slide) return;
  event.preventDefault();
  byId(slide.hash.slice(1)).scrollIntoView({ block: "nearest", inline: "start" });
});

function fallBack(picture) {
  picture.src = picture.dataset.fallback;
  delete picture.dataset.fallback;
}

on("error", ({ target }) => target.matches?.("img[data-fallback]") && fallBack(target), true);

for (const picture of document.querySelectorAll("img[data-fallback]")) {
  if (picture.complete && !picture.naturalWidth) fallBack(picture); // it failed before this script was loaded
}

// --- other tabs and back navigation: refresh the badge from its cookie, and an open cart from the server

let channel;

function showBadge() {
  const count = document.cookie.match(/(?:^|; )cart_count=(\d+)/)?.[1];
  byId("cart-badge").textContent = Number(count) ? count : "";
}

function refresh() {
  showBadge();
  if (byId("cart") || byId("cart-drawer").open) htmx.ajax("GET", "/cart", { target: "#main", swap: "none" });
  byId("country")?.dispatchEvent(new Event("change", { bubbles: true })); // reloads the totals of the checkout
}

addEventListener("pageshow", ({ persisted }) => {
  channel = new BroadcastChannel("cart");
  channel.onmessage = refresh;
  if (persisted) byId("cart-drawer").close();
  const back = persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (back) setTimeout(refresh); // after htmx, which starts in its own task
  else showBadge();
});

// An open channel keeps a page out of the back/forward cache.
addEventListener("pagehide", () => channel.close());
on("visibilitychange", () => document.hidden || showBadge());

// --- offline page: registered after everything else has loaded

addEventListener("load", () => {
  navigator.serviceWorker?.register("/service-worker.js", { updateViaCache: "all" }).catch(() => {});
});

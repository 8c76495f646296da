// Behavior that HTML, CSS and htmx lack.

import { byId, on, say, submit } from "./basics.js";

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
  for (const { target, fragment } of tasks) {
    keepOpen(target, fragment);
    if (target?.id === "product") keepQuantity(fragment);
  }
  ctx.scrolled = byId("filters-sheet")?.scrollTop; // on a phone the filters scroll
});

on("htmx:after:swap", ({ detail: { ctx } }) => {
  for (const [id, { value }] of steps) if (byId(id)) byId(id).value = value;
  if (ctx.scrolled) byId("filters-sheet")?.scrollTo(0, ctx.scrolled);
  if (ctx.target?.id === "product") say("chosen");
  if (byId("cart-drawer").open && document.activeElement === document.body) byId("cart-drawer-title").focus();
  if (ctx.request.method !== "POST" || ctx.response.status >= 400) return;
  if (ctx.showsCart) channel?.postMessage("changed");
  open(byId(ctx.sourceElement?.dataset?.opens));
});

// A browser without dialogs shows the cart's page instead.
function open(dialog) {
  if (dialog?.showModal) dialog.showModal();
  else if (dialog) location.assign("/cart");
}

function revisionOf(tasks) {
  const root = tasks.map(({ fragment }) => fragment.querySelector("[data-revision]")).find(Boolean);
  return root && Number(root.dataset.revision);
}

function keepOpen(target, fragment) {
  for (const { id } of target?.querySelectorAll?.("details[open][id]") ?? []) {
    fragment.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  }
}

// Another variant of a product is wanted in the quantity that was typed, or as many as there are.
function keepQuantity(fragment) {
  const typed = Number(byId("quantity")?.value);
  const field = fragment.querySelector("#quantity");
  if (typed >= 1 && field) field.setAttribute("value", Math.min(typed, field.max));
}

// --- stepper: minus and plus buttons; in the cart a change is sent after a pause

const STEP_DELAY = 300; // milliseconds of pause after which steps of a quantity are sent as one change
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
    submit(target.form);
  }
});

on("submit", ({ target }) => forgetSteps(target.querySelector("[data-sends]")?.id), true);

function sendSteps(id) {
  forgetSteps(id);
  if (byId(id)) submit(byId(id).form);
}

export const flushSteps = () => [...steps.keys()].forEach(sendSteps);

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
  } else if (step) stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
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

export function refresh() {
  showBadge();
  if (byId("cart") || byId("cart-drawer").open) htmx.ajax("GET", "/cart", { target: "#main", swap: "none" });
  byId("country")?.dispatchEvent(new Event("change", { bubbles: true })); // reloads the totals of the checkout
}

addEventListener("pageshow", ({ persisted }) => {
  channel = window.BroadcastChannel && new BroadcastChannel("cart");
  if (channel) channel.onmessage = refresh;
  if (persisted) byId("cart-drawer").close?.();
  const back = persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (back) setTimeout(refresh); // after htmx, which starts in its own task
  else showBadge();
});

// An open channel keeps a page out of the back/forward cache.
addEventListener("pagehide", () => channel?.close());
on("visibilitychange", () => document.hidden || showBadge());

// --- offline page: registered after everything else has loaded

addEventListener("load", () => {
  navigator.serviceWorker?.register("/service-worker.js", { updateViaCache: "all" }).catch(() => {});
});

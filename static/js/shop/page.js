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
  for (const { target, fragment } of tasks) keepState(target, fragment);
});

on("htmx:after:swap", ({ detail: { ctx } }) => {
  for (const [id, { value }] of steps) if (byId(id)) byId(id).value = value;
  if (ctx.target?.id === "product") say("chosen");
  if (ctx.target?.id === "listing") showResults();
  if (byId("cart-drawer").open && document.activeElement === document.body) byId("cart-drawer-title").focus();
  if (ctx.request.method !== "POST" || ctx.response.status >= 400) return;
  if (ctx.showsCart) channel?.postMessage("changed");
  open(byId(ctx.sourceElement?.dataset?.opens));
});

// A browser without dialogs shows the cart's page instead.
function open(dialog) {
  if (dialog?.showModal) {
    dialog.showModal();
    dialog.append(byId("status")); // what is outside is neither heard nor pressed
  } else if (dialog) location.assign("/cart");
}

function revisionOf(tasks) {
  for (const { fragment } of tasks) {
    const root = fragment.querySelector("[data-revision]");
    if (root) return Number(root.dataset.revision);
  }
}

// What is open stays open, and a quantity stays as it was typed.
function keepState(target, fragment) {
  for (const one of target?.querySelectorAll?.("[open][id], .sheet, #quantity") ?? []) {
    const next = fragment.getElementById(one.id);
    for (const name of ["open", "role", "aria-modal"]) {
      if (one.hasAttribute(name)) next?.setAttribute(name, one.getAttribute(name));
    }
    if (one.value) next?.setAttribute("value", one.value);
  }
}

// After a filter or a sort order, the first results are in view.
function showResults() {
  const results = byId("everything");
  if (results.getBoundingClientRect().top < 0) results.scrollIntoView({ behavior: "instant" });
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
  } else if (target.matches("[data-submit-on-change]:not([data-by-key])")) submit(target.form);
});

// A list that is walked through by keys waits for its button, which they bring into view.
on("keydown", ({ target, key }) => {
  if (!/Tab|Shift/.test(key) && target.matches("[data-submit-on-change]")) target.dataset.byKey = "";
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

// --- header: away while one scrolls down

let scrolled = 0;

on("scroll", () => {
  document.documentElement.classList.toggle("scrolls-down", scrollY > scrolled && scrollY > 150);
  scrolled = scrollY;
});

// --- sheets: the menu and the filters of a narrow screen are dialogs, and hold the focus

let sheet; // the open one

on("toggle", ({ target, newState }) => {
  if (!target.matches(".sheet")) return;
  sheet = newState === "open" ? target : null;
  target.role = sheet ? "dialog" : "group";
  target.ariaModal = sheet && "true";
  sheet?.querySelector("button").focus();
}, true);

on("focusin", ({ target }) => {
  if (sheet?.isConnected && !sheet.contains(target)) sheet.querySelector("button").focus();
});

// --- drawer, gallery, pictures

on("close", () => document.body.append(byId("status")), true);
on("click", ({ target, detail }) => target.matches("dialog") && detail < 2 && target.close());
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
  byId("cart-badge").textContent = document.cookie.match(/(?:^|; )cart_count=([1-9]\d*)/)?.[1] ?? "";
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
  if (persisted) sheet?.hidePopover();
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

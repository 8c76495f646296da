// A change outlives the page: whatever ends it sends what is left, the checkout waits, and the next page goes on.

import { byId, next, on, say, submit, tell } from "./basics.js";
import { empty, names, outdated, pending } from "./outbox.js";
import { refusals, sendAllNow, sendRest, tellOutdated } from "./requests.js";
import { flushSteps, refresh } from "./page.js";

const WAIT = 4_000; // milliseconds for which the checkout waits

function sendAll() {
  flushSteps();
  sendAllNow();
}

addEventListener("pagehide", sendAll);
on("visibilitychange", () => document.hidden && sendAll());

on("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link) return;
  flushSteps();
  if (link.pathname !== "/checkout" || event.metaKey || event.ctrlKey || event.shiftKey) return;
  holdBack(event, link, () => location.assign(link.href));
}, true);

on("submit", (event) => {
  const form = event.target;
  if (!form.querySelector("[data-sends]")) flushSteps();
  if (form.matches("[action='/logout']")) empty(); // a cart that is forgotten does not come back
  if (form.id === "checkout-form") holdBack(event, form, () => submit(form));
}, true);

let held; // what is to be done once everything is sent, or without it
let isFree = false;

async function holdBack(event, element, goOn) {
  if (isFree || !pending().length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (element.matches("[aria-busy]")) return;
  held = goOn;
  element.setAttribute("aria-busy", "true");
  say("first");
  const before = refusals;
  const isSent = await untilSent();
  element.removeAttribute("aria-busy");
  if (refusals > before) return; // the page says why
  if (isSent) goOn();
  else say("on-its-way", names(pending()));
}

on("click", ({ target }) => {
  if (!target.closest("[data-go-on]")) return;
  isFree = true;
  held();
  isFree = false;
});

// Whether everything is sent in time.
async function untilSent() {
  const end = Date.now() + WAIT;
  setTimeout(tell, WAIT, "shop:outbox");
  while (pending().length && Date.now() < end) await next("shop:outbox");
  return !pending().length;
}

// --- a page that begins, or comes back as it was left

addEventListener("pageshow", ({ persisted }) => {
  if (persisted) wake();
  setTimeout(goOnSending); // after htmx, which starts in its own task
});

function wake() {
  for (const element of document.querySelectorAll(".htmx-request")) {
    element.classList.remove("htmx-request");
    delete element._htmx_state?.rc; // htmx's count of its requests: this one was answered by another page
  }
  tell("shop:outbox");
}

async function goOnSending() {
  showPending();
  if (outdated().length) tellOutdated();
  if (await sendRest()) refresh();
}

on("shop:outbox", showPending);

function showPending() {
  byId("cart-pending")?.remove();
  if (pending().length) document.querySelector(".header__cart")?.append(byId("pending").content.cloneNode(true));
}

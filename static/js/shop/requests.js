// Requests that outlast a bad network. A change keeps its idempotency key when it is sent again, so it counts once.
// It is in the outbox until the shop has answered.

import { byId, next, on, say, tell } from "./basics.js";
import { isAdd, isBlocked, keyOf, names, outdated, pending } from "./outbox.js";
import { put, renew, repeat, settle } from "./outbox.js";

const ATTEMPTS = 4;
const TIMEOUT = 10_000; // milliseconds for one attempt
const BACKOFF = 300; // milliseconds before the first retry; doubles with each retry
const AGAIN = 10_000; // milliseconds until a change is sent again after that
const UNAVAILABLE = [408, 425, 429, 502, 503, 504];
const CHANGE = /^\/cart($|\/(?!checkout|handoff|welcome))/;

let requests = 0;
const busy = new Set(); // forms with a change under way
const mine = new Set(); // keys of changes that this page sends
const underWay = new Set(); // keys of changes that are on the wire

on("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  const { sourceElement: source, request } = ctx;
  ctx.order = ++requests;
  if (request.method === "GET") dropEmpty(request.body);
  else request.headers["Idempotency-Key"] = ctx.change ? keyOf(ctx.change) : newKey();
  if (source.matches("[data-light]")) ctx.fetch = lookUp;
  else if (request.method !== "POST" || !CHANGE.test(request.action)) ctx.fetch = fetchInTime;
  else if (busy.has(source) && source.dataset.hxSync === "drop") event.preventDefault();
  else sendAsChange(ctx);
});

function dropEmpty(form) {
  for (const [name, value] of [...form]) if (value === "") form.delete(name);
}

// 32 to 64 digits. crypto.randomUUID() needs a secure context, which a shop tried out in a local network lacks.
const newKey = () => crypto.getRandomValues(new Uint32Array(6)).join("");

function sendAsChange(ctx) {
  const { sourceElement: source, request } = ctx;
  if (!ctx.change) {
    const body = String(new URLSearchParams(request.body));
    const key = request.headers["Idempotency-Key"];
    ctx.change = { url: request.action, body, key, at: Date.now(), what: whatOf(source) };
    put(ctx.change);
  }
  ctx.form = source;
  busy.add(source);
  mine.add(ctx.change.key);
  ctx.fetch = (url, options) => fetchInTime(url, options, ctx.change);
}

on("htmx:finally:request", ({ detail: { ctx } }) => {
  if (!ctx.change) return;
  busy.delete(ctx.form);
  mine.delete(ctx.change.key);
});

function whatOf(form) {
  const place = form.closest("li, article, main");
  return (place?.querySelector("h1, h2, h3") ?? place?.querySelector("a"))?.textContent.trim();
}

// --- on the wire

// Runs without a pause to its first fetch, unless it is not its turn: a page that is left does not come to more.
async function fetchInTime(url, request, change) {
  const kind = change ? "-change" : "";
  const shown = !change && request.method === "POST" && 503;
  while (change && isBlocked(change)) await next("shop:outbox");
  for (;;) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt) {
        tellOnce(`retrying${kind}`);
        await new Promise((resolve) => setTimeout(resolve, BACKOFF * 2 ** (attempt - 1)));
      }
      const response = await fetchOnce(url, request, change, attempt === ATTEMPTS - 1 && shown);
      if (response) {
        document.querySelector("[data-network]")?.remove();
        return response;
      }
    }
    tellOnce(`failed${kind}`);
    await untilTryAgain(request.signal, change);
  }
}

function tellOnce(what) {
  if (!document.querySelector("[data-network=failed]")) say(what);
}

// `shown`: a status with which the shop's own words are shown at last.
async function fetchOnce(url, request, change, shown) {
  const control = new AbortController(); // AbortSignal.any and timeout are too new
  request.signal.addEventListener("abort", () => control.abort(request.signal.reason));
  const timer = setTimeout(() => control.abort(), TIMEOUT);
  const options = { ...request, signal: control.signal, keepalive: !!change };
  underWay.add(change?.key);
  try {
    const response = await fetch(url, options);
    if ((response.status !== shown && UNAVAILABLE.includes(response.status)) || !isOurs(request, response)) return;
    await response.clone().arrayBuffer(); // throws if the reply is cut off
    if (change) answered(change, response);
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
  } finally {
    underWay.delete(change?.key);
    clearTimeout(timer);
  }
}

// A network that wants a log-in answers as well, but it has not changed the cart.
const isOurs = ({ method }, { headers }) => method === "GET" || headers.get("vary")?.includes("HX-Request");

export let refusals = 0;

function answered(change, { status }) {
  if (status >= 400) refusals++;
  settle(change.key);
}

// A look-up that fails shows nothing: what was found before belongs to other words.
async function lookUp(url, request) {
  const response = await fetch(url, request).catch((error) => {
    if (request.signal.aborted) throw error;
  });
  if (response?.status < 500) return response;
  byId("search-panel")?.replaceChildren(); // results of other words
  return new Response("");
}

function untilTryAgain(signal, change) {
  return new Promise((resolve, reject) => {
    if (change) setTimeout(retryAll, AGAIN);
    next("shop:try-again").then(resolve);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

// What has become old meanwhile is not tried without a word.
const retryAll = () => (outdated().length ? tellOutdated() : tell("shop:try-again"));
addEventListener("online", retryAll);
on("submit", retryAll);

// What htmx cannot even begin, the browser does by itself.
on("htmx:error", ({ target, detail }) => detail.ctx || target.submit?.());

on("htmx:response:error", ({ detail: { ctx } }) => ctx.text.includes("<hx-partial") || say("refused"));

// --- what an earlier page has not sent

export async function sendRest() {
  const tried = new Set();
  const first = () => pending().find(({ key }) => !mine.has(key) && !tried.has(key));
  for (let change = first(); change && window.htmx; change = first()) {
    tried.add(change.key);
    const values = Object.fromEntries(new URLSearchParams(change.body));
    await htmx.ajax("POST", change.url, { source: "#status", target: "#main", swap: "none", values, change });
  }
  return tried.size;
}

// The last moment of a page: what may go out goes now, and stays in the outbox until a page hears the answer. An add
// that is made before its turn could be taken out by what it overtakes, or be made twice.
export function sendAllNow() {
  for (const change of pending()) {
    const isEarly = isBlocked(change);
    if (underWay.has(change.key) || (isEarly && isAdd(change))) continue;
    if (isEarly) repeat(change.key);
    const headers = { "Idempotency-Key": keyOf(change), "HX-Request": "true" };
    const body = new URLSearchParams(change.body);
    fetch(change.url, { method: "POST", headers, body, keepalive: true }).catch(() => {});
  }
}

// --- what is so old that its shopper may have forgotten it

export const tellOutdated = () => say("outdated", names(outdated()));

on("click", ({ target }) => {
  if (target.closest("[data-try-again]")) retryAll();
  else if (target.closest("[data-send-outdated]")) {
    renew();
    tell("shop:try-again");
    sendRest();
  } else if (target.closest("[data-drop-outdated]")) {
    for (const { key } of outdated()) settle(key);
    location.reload();
  }
});

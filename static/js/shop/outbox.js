// The outbox: changes of the cart that the shop has not answered yet, in the order in which they were made. It is in
// the tab's session storage, so that the next page has it too.

import { tell } from "./basics.js";

const STORE = "outbox";
const MAX_AGE = 3_600_000; // milliseconds after which a change is sent only if the shopper asks for it again

let kept; // in place of a storage that is switched off or full

// A change: { url, body, key, at, what, again }. `what`: what the shopper would call it. `again`: it was sent out of
// turn, and is to be made once more when its turn comes.
function all() {
  try {
    const entries = JSON.parse(kept ?? sessionStorage.getItem(STORE));
    return Array.isArray(entries) ? entries : [];
  } catch {
    return [];
  }
}

function write(entries) {
  const text = JSON.stringify(entries);
  try {
    if (entries.length) sessionStorage.setItem(STORE, text);
    else sessionStorage.removeItem(STORE);
  } catch {
    kept = text;
  }
  tell("shop:outbox");
}

export const isAdd = ({ url }) => url === "/cart";
const isOld = ({ at }) => Date.now() - at > MAX_AGE;

export const pending = () => all().filter((change) => !isOld(change));
export const outdated = () => all().filter(isOld);
export const names = (changes) => changes.map(({ what }) => what).join(", ");

// A quantity takes the place of one that was set before.
export function put(change) {
  const isQuantity = !isAdd(change) && change.body.startsWith("quantity=");
  write([...all().filter(({ url }) => !isQuantity || url !== change.url), change]);
}

export const settle = (key) => write(all().filter((change) => change.key !== key));
export const empty = () => write([]);
export const renew = () => write(all().map((change) => ({ ...change, at: Date.now() })));
export const repeat = (key) => write(all().map((change) => (change.key === key ? { ...change, again: true } : change)));

// Adds may overtake each other, but not before the first has a session. Anything else waits for its turn.
export function isBlocked({ key, url }) {
  const changes = pending();
  const before = changes.slice(0, Math.max(0, changes.findIndex((change) => change.key === key)));
  const mayOvertake = isAdd({ url }) && before.every(isAdd) && /(^|; )cart_count=/.test(document.cookie);
  return before.length > 0 && !mayOvertake;
}

// The key to send it with. What was sent out of turn is made once more: only an add would do more when repeated.
export const keyOf = ({ key, again }) => (again ? `${key}-again` : key);

// Recently viewed products: the browser stores their handles, and a product's page shows the others.

import { byId, on } from "./basics.js";

const VIEWED = "viewed";
const MOST_VIEWED = 8; // the server shows no more

const container = byId("recent");

function viewed() {
  try {
    const stored = JSON.parse(localStorage.getItem(VIEWED));
    return Array.isArray(stored) ? stored : [];
  } catch {
    return []; // storage is disabled, or has invalid data
  }
}

function rememberViewed(handle, others) {
  try {
    localStorage.setItem(VIEWED, JSON.stringify([handle, ...others]));
  } catch {
    // storage is disabled or full: skip
  }
}

if (container) {
  const current = container.dataset.handle;
  const others = viewed().filter((handle) => handle !== current).slice(0, MOST_VIEWED);
  rememberViewed(current, others);
  if (others.length) {
    container.classList.add("recent"); // reserves the space, so that nothing shifts
    container.dataset.hxGet = `/recent?handles=${others.map(encodeURIComponent).join()}`;
    window.htmx?.process(container); // it may have started already
  }
  on("htmx:finally:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement === container && !container.firstElementChild) container.classList.remove("recent");
  });
  container.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-forgets]")) return;
    rememberViewed(current, []);
    container.replaceChildren();
    container.classList.remove("recent");
  });
}

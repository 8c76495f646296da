// Recently viewed products: the browser stores their handles, and a product's page shows the others.

import { byId } from "./basics.js";

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
    localStorage.setItem(VIEWED, JSON.stringify([handle, ...others].slice(0, MOST_VIEWED + 1)));
  } catch {
    // storage is disabled or full: skip
  }
}

async function showViewed(handles) {
  const reply = await fetch(`/recent?handles=${handles.map(encodeURIComponent).join()}`).catch(() => null);
  if (reply?.ok) container.innerHTML = await reply.text();
  container.classList.toggle("recent", container.childElementCount > 0);
  htmx.process(container);
}

if (container) {
  const current = container.dataset.handle;
  const others = viewed().filter((handle) => handle !== current).slice(0, MOST_VIEWED);
  rememberViewed(current, others);
  if (others.length) {
    container.classList.add("recent"); // reserves the space, so that nothing shifts
    whenNear(container, () => showViewed(others));
  }
  container.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-forgets]")) return;
    rememberViewed(current, []);
    container.replaceChildren();
    container.classList.remove("recent");
  });
}

// Shortly before it scrolls into view.
function whenNear(element, act) {
  const look = ([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    act();
  };
  new IntersectionObserver(look, { rootMargin: "600px" }).observe(element);
}

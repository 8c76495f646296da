// Recently viewed: the browser remembers handles.

const KEY = "viewed";
const MOST = 8; // as many as the shop shows at once

const place = document.getElementById("recent");

function viewed() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(stored) ? stored : [];
  } catch {
    return []; // storage is switched off, or holds what is not ours
  }
}

function remember(handle, others) {
  try {
    localStorage.setItem(KEY, JSON.stringify([handle, ...others].slice(0, MOST + 1)));
  } catch {
    // then it is not remembered
  }
}

async function show(handles) {
  const reply = await fetch(`/recent?handles=${handles.map(encodeURIComponent).join()}`).catch(() => null);
  if (reply?.ok) place.innerHTML = await reply.text();
  place.classList.toggle("recent", place.childElementCount > 0);
  htmx.process(place);
}

const here = place.dataset.handle;
const others = viewed().filter((handle) => handle !== here).slice(0, MOST);
remember(here, others);

// Nobody waits for what they may never see.
const near = new IntersectionObserver(
  ([entry]) => {
    if (!entry.isIntersecting) return;
    near.disconnect();
    show(others);
  },
  { rootMargin: "600px" },
);
if (others.length) {
  place.classList.add("recent"); // its room, so that nothing moves
  near.observe(place);
}

place.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-forgets]")) return;
  remember(here, []);
  place.replaceChildren();
  place.classList.remove("recent");
});

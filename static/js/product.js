// Recently viewed products: the browser stores their handles.

const KEY = "viewed";
const MAX = 8; // the server shows no more

const container = document.getElementById("recent");

function viewed() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(stored) ? stored : [];
  } catch {
    return []; // storage is disabled, or has invalid data
  }
}

function remember(handle, others) {
  try {
    localStorage.setItem(KEY, JSON.stringify([handle, ...others].slice(0, MAX + 1)));
  } catch {
    // storage is disabled or full: skip
  }
}

async function show(handles) {
  const reply = await fetch(`/recent?handles=${handles.map(encodeURIComponent).join()}`).catch(() => null);
  if (reply?.ok) container.innerHTML = await reply.text();
  container.classList.toggle("recent", container.childElementCount > 0);
  htmx.process(container);
}

const current = container.dataset.handle;
const others = viewed().filter((handle) => handle !== current).slice(0, MAX);
remember(current, others);

// Load the products shortly before they scroll into view.
const observer = new IntersectionObserver(
  ([entry]) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    show(others);
  },
  { rootMargin: "600px" },
);
if (others.length) {
  container.classList.add("recent"); // reserves the space, so that nothing shifts
  observer.observe(container);
}

container.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-forgets]")) return;
  remember(current, []);
  container.replaceChildren();
  container.classList.remove("recent");
});

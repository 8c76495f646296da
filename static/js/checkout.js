// The checkout's own: times of day, what a field sends, and where the focus goes.

const on = (type, listener) => document.addEventListener(type, listener);

// The server sends times of day in UTC; this converts them to the local time zone.
function showLocalTimes() {
  const language = document.documentElement.lang;
  for (const time of document.querySelectorAll("time[data-clock]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });
  }
}

showLocalTimes();
on("htmx:after:swap", showLocalTimes);

// The check of one field sends that field only, never the card number.
on("htmx:config:request", ({ detail: { ctx } }) => {
  const names = ctx.sourceElement.dataset.only?.split(" ") ?? [];
  for (const name of names.length ? [...ctx.request.body.keys()] : []) {
    if (!names.includes(name)) ctx.request.body.delete(name);
  }
});

// A reply without a field's value leaves in it what is there, also what we had filled in.
on("htmx:before:swap", ({ detail: { tasks } }) => {
  for (const field of tasks.flatMap(({ fragment }) => [...fragment.querySelectorAll("input[id]:not([value])")])) {
    const there = document.getElementById(field.id)?.getAttribute("value");
    if (there) field.setAttribute("value", there);
  }
});

// Another country swaps its message only, never the list that it was chosen from.
on("htmx:after:swap", () => {
  const isWrong = document.getElementById("country-error")?.textContent;
  const country = document.getElementById("country");
  if (isWrong) country?.setAttribute("aria-invalid", "true");
  else country?.removeAttribute("aria-invalid");
});

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.sourceElement?.id === "checkout-form") document.getElementById("alert")?.focus();
});

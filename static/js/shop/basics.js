// What every part of the script uses. Every listener is on the document, so swapped markup needs no setup.

export const byId = (id) => document.getElementById(id);
export const on = (type, listener, capture = false) => document.addEventListener(type, listener, capture);
export const tell = (event) => document.dispatchEvent(new Event(event));
export const next = (event) => new Promise((go) => document.addEventListener(event, go, { once: true }));

// Shows a message of layouts/_status.html; `what` fills its place for names.
export function say(name, what) {
  const message = byId(`status-${name}`).content.cloneNode(true);
  if (what) message.querySelector("[data-what]").textContent = what;
  byId("status").replaceChildren(message);
}

// As if the form's button were pressed: form.requestSubmit() is missing in Safari 15.
export const submit = (form) => form.querySelector("[type=submit]").click();

// The cart's own page. The focus survives a swap: it stays in its place, though what had it may be gone.

const byId = (id) => document.getElementById(id);

document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
  ctx.place = placeInCart(tasks);
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.place !== undefined && document.activeElement === document.body) focusPlace(ctx.place);
});

// Position of the focus before a swap of the cart: the id of its [data-place] or the index of its line; -1: elsewhere
// in the cart; undefined: outside of it.
function placeInCart(tasks) {
  const focus = document.activeElement;
  if (!tasks.some(({ target }) => target?.id === "cart" && target.contains(focus))) return undefined;
  return focus.closest("[data-place]")?.id ?? lines().findIndex((line) => line.contains(focus));
}

const lines = () => [...document.querySelectorAll("#cart [data-line]")];

function focusPlace(place) {
  const line = place < 0 ? undefined : (lines()[place] ?? lines().pop());
  const target = typeof place === "string" ? byId(place) : line;
  const control = target?.querySelector("[aria-invalid]") ?? target?.querySelector("summary, [data-remove]");
  (control ?? byId("cart-title")).focus();
}

// A coupon's field that has just been opened is there to be typed into.
document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.contains(document.activeElement)) target.querySelector("#coupon-code")?.focus();
}, true);

// Where nothing is recommended, its room is given back.
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement?.matches?.(".recommended:empty")) ctx.sourceElement.remove();
});

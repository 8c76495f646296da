// The page of an order: its button that prints it.

document.addEventListener("click", ({ target }) => target.closest("[data-prints]") && print());

"""Near copies: the carts that the store has acknowledged to this process, and what their latest changes did.

Redis acknowledges a change before its replicas and its disk have it. So a promoted replica, or a server that restarts,
can lack the latest changes. The near copies have them, and the effects make it possible to add them to a state that has
been changed since.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from shop.cart.around.recent import Recent
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, Change, Clear, Effect, Line, Purchase, Remove, RemoveSaved, difference
from shop.money import Money

NO_PRICE = Money(0, "XXX")
"""The price of a line that is only taken out of: it keeps the one that it has."""
MAX_EFFECTS = 64
"""Effects that are kept of one cart."""
MAX_CARTS = 50_000
"""Carts of which effects are kept: those that changed last."""


class NearCopies:
    """The near copies in `carts`, and the effects of their latest changes. All calls are O(1), amortized.

    `remaining` tells how many seconds a cart has left in the store.
    """

    def __init__(self, carts: MemoryCartService, remaining: Callable[[Cart], int]) -> None:
        self.carts = carts
        self._remaining = remaining
        self._effects = Recent[list[Effect]](MAX_CARTS)

    def find(self, cart_id: str) -> Cart | None:
        """The near copy of a cart; None if there is none, or if it has expired."""
        return self.carts.find(cart_id)

    def effects(self, cart_id: str) -> list[Effect]:
        """The effects of the latest changes of a cart, oldest first."""
        return self._effects.get(cart_id, [])

    def update(self, cart: Cart, change: Change | None = None) -> None:
        """Keep a cart that the store has acknowledged; `change` is the change that it has just applied.

        A near copy that has all of it, because a later reply came first, is kept.
        """
        near = self.carts.find(cart.id)
        if not cart.revision or (near is not None and near.revision >= cart.revision and near.grew_from(cart)):
            return
        effect = _effect(near, cart, change)
        effects = self._effects[cart.id] = self._effects.get(cart.id, []) if effect else []
        if effect is not None:
            effects.append(effect)
            del effects[:-MAX_EFFECTS]
        self.carts.store(cart, self._remaining(cart))


def _effect(near: Cart | None, cart: Cart, change: Change | None) -> Effect | None:
    """The effect of the changes since the near copy; without one, of the change that the store has just applied."""
    if near is not None:
        return difference(near, cart)
    if cart.revision == 1:
        return difference(Cart(cart.id), cart)
    if change is None or cart.latest_change != change.id:
        return None
    lines: list[tuple[int, Line]]
    match change:
        case Add():
            lines = [(len(cart.lines), Line(change.sku, change.quantity, change.price, change.at))]
        case Purchase():
            lines = [(0, Line(sku, -quantity, NO_PRICE, change.at)) for sku, quantity in change.lines]
        case Remove() | RemoveSaved() | Clear() if cart.removed is not None and cart.removed.change == change.id:
            lines = [(at, msgspec.structs.replace(line, quantity=-line.quantity)) for at, line in cart.removed.lines]
        case _:
            return None
    coupon = "" if isinstance(change, Purchase) and not cart.coupon else None
    removed = cart.removed if cart.removed is not None and cart.removed.change == change.id else None
    return Effect(change.id, change.at, change.id, tuple(lines), coupon, removed)

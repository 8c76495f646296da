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
from shop.cart.model import (
    ID_BYTES,
    Add,
    Cart,
    Change,
    Clear,
    Effect,
    Line,
    Purchase,
    Remove,
    Removed,
    RemoveSaved,
    UseCoupon,
    difference,
    removed_of,
)
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
        latest = _effects(near, cart, change)
        self._effects[cart.id] = [*self.effects(cart.id), *latest][-MAX_EFFECTS:] if latest else []
        self.carts.store(cart, self._remaining(cart))

    def learn(self, cart: Cart) -> None:
        """Keep a cart that the store has acknowledged to another process, if it grew from what is known here."""
        near = self.carts.find(cart.id)
        if near is None or cart.grew_from(near):
            self.update(cart)


def _effects(near: Cart | None, cart: Cart, change: Change | None) -> list[Effect]:
    """The effects of the changes since the near copy; without one, of the change that the store has just applied.

    That of the latest change is kept apart if it is known: another process may know that of the others.
    """
    whole = difference(near or Cart(cart.id), cart) if near or cart.revision == 1 else None
    if whole is not None and len(whole.ids) == ID_BYTES:
        return [whole]
    own = _effect(cart, change) if change is not None and cart.latest_change == change.id else None
    if near is None:
        return [own] if own else []
    if own is None:
        return [whole] if whole else []
    return [_without(whole, own), own] if whole else []


def _without(whole: Effect, own: Effect) -> Effect:
    """The effect of several changes without that of the latest of them."""
    lines = {(line.sku, line.saved): (at, line) for at, line in whole.lines}
    for at, line in own.lines:
        place, there = lines.get((line.sku, line.saved), (at, msgspec.structs.replace(line, quantity=0)))
        rest = msgspec.structs.replace(there, quantity=there.quantity - line.quantity)
        lines[line.sku, line.saved] = (place, rest)
    ids = whole.ids[:-ID_BYTES]
    return msgspec.structs.replace(
        whole,
        id=ids[-ID_BYTES:],
        ids=ids,
        lines=tuple((at, line) for at, line in lines.values() if line.quantity),
        coupon=whole.coupon if own.coupon is None else None,
        removed=_without_own(whole.removed, own.removed),
    )


def _without_own(removed: Removed | None, own: Removed | None) -> Removed | None:
    if removed is None or own is None or removed.change != own.change:
        return removed
    return removed_of(removed.earlier)


def _effect(cart: Cart, change: Change) -> Effect | None:
    """The effect of the latest change, if it can be told from the cart; a Purchase may have taken out less."""
    lines: list[tuple[int, Line]] = []
    coupon: str | None = None
    match change:
        case Add():
            lines = [(len(cart.lines), Line(change.sku, change.quantity, change.price, change.at, change.saved))]
        case Purchase():
            lines = [(0, Line(sku, -quantity, NO_PRICE, change.at)) for sku, quantity in change.lines]
            coupon = None if cart.coupon else ""
        case UseCoupon():
            coupon = change.code
        case Remove() | RemoveSaved() | Clear() if cart.removed is not None and cart.removed.change == change.id:
            lines = [(at, msgspec.structs.replace(line, quantity=-line.quantity)) for at, line in cart.removed.lines]
        case _:
            return None
    removed = removed_of(removal for removal in cart.removals if removal.change == change.id)
    return Effect(change.id, change.at, change.id, tuple(lines), coupon, removed)

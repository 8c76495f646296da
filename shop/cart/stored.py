"""What the stores of encoded carts have in common: they go on past a value that this release cannot read.

Such a value is put aside once a shopper's call meets it, so that the cart can start empty, or be restored from a copy.
It stays in the store for UNREADABLE_SECONDS, under a key of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from typing_extensions import override

from shop.cart.model import Cart
from shop.cart.service import CartService
from shop.errors import CartUnreadable

UNREADABLE_SECONDS = 30 * 24 * 3600
"""How long a value that was put aside is kept."""

log = logging.getLogger(__name__)


class StoredCarts(CartService):
    """A store of encoded carts. Raises CartUnreadable for one that it can neither read nor put aside."""

    unreadable = 0
    """Number of unreadable values that this process has met: put aside by calls, skipped by scans."""

    @override
    async def get_many(self, cart_ids: Sequence[str]) -> list[Cart]:
        """`get` each cart, in the given order; one that cannot be read is empty and `partial`."""
        return list(await asyncio.gather(*map(self._get_or_pass, cart_ids)))

    @override
    async def put_many(self, carts: Sequence[Cart], *, aged: bool = False) -> list[Cart]:
        """`put` each cart, in the given order; one whose stored state cannot be read stays as it is."""
        return list(await asyncio.gather(*(self._put_or_pass(cart, aged=aged) for cart in carts)))

    async def _get_or_pass(self, cart_id: str) -> Cart:
        try:
            return await self.get(cart_id)
        except CartUnreadable:
            return Cart(cart_id, partial=True)

    async def _put_or_pass(self, cart: Cart, *, aged: bool) -> Cart:
        try:
            return await self.put(cart, aged=aged)
        except CartUnreadable:
            return cart

    def _skipped(self) -> None:
        """Count a value that a scan could not read."""
        self.unreadable += 1

    def _was_put_aside(self, where: str) -> None:
        """Count and log a value that was put aside; `where` tells an operator how to find it."""
        self.unreadable += 1
        log.error("A stored cart could not be read; it starts empty. What was there is kept for 30 days %s.", where)


def unreadable_in(service: CartService) -> int:
    """Number of unreadable values that the stores of a service have met."""
    return sum(part.unreadable for part in service.parts() if isinstance(part, StoredCarts))

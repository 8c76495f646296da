"""Scans the carts of two stores as one."""

from __future__ import annotations

from collections.abc import AsyncIterator

from shop.cart.around.migration import in_batches
from shop.cart.model import Cart, join
from shop.cart.service import CartService


async def scan_both(first: CartService, second: CartService) -> AsyncIterator[Cart]:
    """Every cart of either store, once; the states of a cart in both stores are joined."""
    async for carts in in_batches(first.scan()):
        others = await second.get_many([cart.id for cart in carts])
        for cart, other in zip(carts, others, strict=True):
            yield join(cart, other, first.limits)
    async for carts in in_batches(second.scan()):
        others = await first.get_many([cart.id for cart in carts])
        for cart, other in zip(carts, others, strict=True):
            if not other.revision:
                yield cart

"""Goes over the carts of two stores at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

from shop.cart.model import Cart, join
from shop.cart.service import CartService

TOGETHER = 200


async def scan_both(first: CartService, second: CartService) -> AsyncIterator[Cart]:
    """Every cart that lives in either store, once: what `model.join` makes of its two states."""
    async for carts in _batches(first):
        others = await second.get_many([cart.id for cart in carts])
        for cart, other in zip(carts, others, strict=True):
            yield join(cart, other, first.limits)
    async for carts in _batches(second):
        others = await first.get_many([cart.id for cart in carts])
        for cart, other in zip(carts, others, strict=True):
            if not other.revision:
                yield cart


async def _batches(store: CartService) -> AsyncIterator[list[Cart]]:
    batch: list[Cart] = []
    async for cart in store.scan():
        batch.append(cart)
        if len(batch) == TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch

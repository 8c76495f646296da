"""Serves carts while they are migrated from one store to another.

Every call reads both stores at once. What the new store lacks is put there first, and the call is answered from there,
so a shopper's cart moves with their first click. The old store is only read, so processes that still write to it can
run until they are restarted: the next call joins what they write.
Joining adds the quantities of carts that share no change. If a line has been changed in both stores since the cart
moved, the larger quantity is used. So a shopper whose requests alternate between old and new processes loses no item,
but two adds of the same item may count as one: route each shopper to one kind of process, as any load balancer can.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator

import msgspec
from typing_extensions import override

from shop.cart.around.migration import older_than_ttl
from shop.cart.around.scanning import scan_both
from shop.cart.model import Cart, Change
from shop.cart.service import CartService
from shop.errors import StoreUnavailable

OLD_RETRY_SECONDS = 1.0
"""How long the old store is not read after it failed to answer."""

log = logging.getLogger(__name__)


class MovingCartService(CartService):
    """Stores carts in `new`, and moves those that `old` has. Raises StoreUnavailable only if `new` does.

    While `old` is unavailable, `new` answers alone; a cart that it does not have is then `partial`. Made by
    `shop.cart.connect`.
    """

    def __init__(self, new: CartService, old: CartService) -> None:
        self.limits = new.limits
        self.ttl = new.ttl
        self.new = new
        self.old = old
        self.moved = 0
        """How many times a cart, or newer changes of it, were moved."""
        self._old_retry_at = 0.0
        self._deleted: set[str] = set()

    @override
    async def get(self, cart_id: str) -> Cart:
        new, old = await asyncio.gather(self.new.get(cart_id), self._get_old(cart_id))
        if old is None:
            return new if new.revision else msgspec.structs.replace(new, partial=True)
        if new.grew_from(old):
            return new
        self.moved += 1
        return await self.new.put(old, aged=not older_than_ttl(old, self.new))

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        before = await self.get(cart_id)
        cart = await self.new.apply(cart_id, change)
        return msgspec.structs.replace(
            cart, partial=cart.partial or before.partial, idle_since=before.idle_since or cart.idle_since
        )

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        await self.get(cart.id)
        return await self.new.put(cart, aged=aged)

    @override
    async def delete(self, cart_id: str) -> None:
        self._deleted.add(cart_id)
        await self.new.delete(cart_id)
        await self._delete_from_old()

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        async for cart in scan_both(self.new, self.old):
            if cart.id not in self._deleted:
                yield cart

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self.new.ping(shard)

    @override
    def shard(self, cart_id: str) -> int:
        return self.new.shard(cart_id)

    @override
    def uses_standby(self, cart_id: str) -> bool:
        return self.new.uses_standby(cart_id)

    @property
    @override
    def epoch(self) -> int:
        return self.new.epoch

    @override
    def parts(self) -> Iterator[CartService]:
        yield self
        yield from self.new.parts()
        yield from self.old.parts()

    @override
    async def start(self) -> None:
        await self.new.start()
        await self.old.start()

    @override
    async def close(self) -> None:
        await self.new.close()
        await self.old.close()

    async def _get_old(self, cart_id: str) -> Cart | None:
        """What the old store has of a cart; None while it is unavailable."""
        if time.monotonic() < self._old_retry_at:
            return None
        if self._deleted:
            await self._delete_from_old()
        if cart_id in self._deleted:
            return Cart(cart_id)
        try:
            return await self.old.get(cart_id)
        except StoreUnavailable as error:
            self._old_failed(error)
            return None

    async def _delete_from_old(self) -> None:
        """Delete from the old store what was deleted from the new one; if that fails, a later call retries it."""
        deleted = list(self._deleted)
        try:
            await asyncio.gather(*map(self.old.delete, deleted))
        except StoreUnavailable as error:
            self._old_failed(error)
        else:
            self._deleted.difference_update(deleted)

    def _old_failed(self, error: StoreUnavailable) -> None:
        log.warning("Old cart store unavailable; carts not moved yet cannot be read until it is back: %s", error)
        self._old_retry_at = time.monotonic() + OLD_RETRY_SECONDS

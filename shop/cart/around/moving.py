"""Carts that are on their way from one store to another while people shop.

Every call looks into both stores at once. What the old one has and the new one lacks is put into the new one first,
and the call is answered from there: a shopper's cart moves with their first click. The old store is only read, so
processes that still write to it can go on until they are restarted: what they write is joined in by the next call.
Joining adds up carts that share nothing; of a line that has been changed in both stores since a cart moved, the
larger number stays. So a shopper who is sent to old and new processes by turns loses no item, but may find two adds
of the same item counted as one: send each shopper to one kind of process, as any load balancer can.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator

import msgspec
from typing_extensions import override

from shop.cart.around.migration import outlived
from shop.cart.around.scanning import scan_both
from shop.cart.model import Cart, Change
from shop.cart.service import CartService
from shop.errors import StoreUnavailable

OLD_AWAY_SECONDS = 1.0
"""How long the old store is not asked again after it did not answer."""

log = logging.getLogger(__name__)


class MovingCartService(CartService):
    """Keeps carts in `new`, and brings those over that `old` has. Raises StoreUnavailable only where `new` does.

    While `old` is away, `new` answers alone; a cart that it does not know is then `partial`.
    """

    def __init__(self, new: CartService, old: CartService) -> None:
        self.limits = new.limits
        self.ttl = new.ttl
        self.new = new
        self.old = old
        self.moved = 0
        """How often a cart, or what was new in it, was brought over."""
        self._ask_again_at = 0.0
        self._gone: set[str] = set()

    @override
    async def get(self, cart_id: str) -> Cart:
        new, old = await asyncio.gather(self.new.get(cart_id), self._of_old(cart_id))
        if old is None:
            return new if new.revision else msgspec.structs.replace(new, partial=True)
        if new.grew_from(old):
            return new
        self.moved += 1
        return await self.new.put(old, aged=not outlived(old, self.new))

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        before = await self.get(cart_id)
        cart = await self.new.apply(cart_id, change)
        return msgspec.structs.replace(cart, partial=cart.partial or before.partial, woken=before.woken or cart.woken)

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        await self.get(cart.id)
        return await self.new.put(cart, aged=aged)

    @override
    async def delete(self, cart_id: str) -> None:
        self._gone.add(cart_id)
        await self.new.delete(cart_id)
        await self._delete_from_old()

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        async for cart in scan_both(self.new, self.old):
            if cart.id not in self._gone:
                yield cart

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self.new.ping(shard)

    @override
    def shard(self, cart_id: str) -> int:
        return self.new.shard(cart_id)

    @override
    def stands_in(self, cart_id: str) -> bool:
        return self.new.stands_in(cart_id)

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

    async def _of_old(self, cart_id: str) -> Cart | None:
        """What the old store has of a cart; None while it is away."""
        if time.monotonic() < self._ask_again_at:
            return None
        if self._gone:
            await self._delete_from_old()
        if cart_id in self._gone:
            return Cart(cart_id)
        try:
            return await self.old.get(cart_id)
        except StoreUnavailable as error:
            self._lost(error)
            return None

    async def _delete_from_old(self) -> None:
        """Delete there what was deleted here; what it does not take now, it is given again later."""
        gone = list(self._gone)
        try:
            await asyncio.gather(*map(self.old.delete, gone))
        except StoreUnavailable as error:
            self._lost(error)
        else:
            self._gone.difference_update(gone)

    def _lost(self, error: StoreUnavailable) -> None:
        log.warning("The store that carts are moved from is away: carts that are still there cannot be seen. %s", error)
        self._ask_again_at = time.monotonic() + OLD_AWAY_SECONDS

"""Serves carts while they are migrated from one store to another.

Every call reads both stores at once. What the new store lacks is put there first, and the call is answered from there,
so a shopper's cart moves with their first click. The old store is only read, so processes that still write to it can
run until they are restarted: the next call joins what they write.
Joining adds the quantities of carts that share no change. If a cart has been changed in both stores since it moved, the
changes of both count, as far as this process has seen the old cart before; otherwise the state that changed last wins.
So route each shopper to one kind of process, as any load balancer can.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import msgspec
from typing_extensions import override

from shop.cart.around.forwarding import ForwardingCartService
from shop.cart.around.migration import older_than_ttl
from shop.cart.around.scanning import scan_both
from shop.cart.model import Cart, Change, Forget, difference, new_change_id
from shop.cart.service import CartService
from shop.errors import StoreUnavailable

OLD_RETRY_SECONDS = 1.0
"""How long the old store is not read after it failed to answer."""

MAX_SEEN = 10_000
"""How many carts of the old store are remembered, to tell what changed there since."""

log = logging.getLogger(__name__)


class MovingCartService(ForwardingCartService):
    """Stores carts in `new`, and moves those that `old` has. Raises StoreUnavailable only if `new` does.

    While `old` is unavailable, `new` answers alone; a cart that it does not have is then `partial`. Made by
    `shop.cart.connect`.
    """

    def __init__(self, new: CartService, old: CartService) -> None:
        super().__init__(new)
        self.new = new
        self.old = old
        self.moved = 0
        """How many times a cart, or newer changes of it, were moved."""
        self._old_retry_at = 0.0
        self._seen_in_old: dict[str, Cart] = {}
        self._forgotten: dict[str, Forget] = {}
        """What still has to be forgotten in the old store."""

    @override
    async def get(self, cart_id: str) -> Cart:
        new, old = await asyncio.gather(self.new.get(cart_id), self._get_old(cart_id))
        if old is None:
            return new if new.revision else msgspec.structs.replace(new, partial=True)
        if new.grew_from(old):
            return new
        self.moved += 1
        before = self._seen_in_old.get(cart_id)
        if before is not None and new.grew_from(before) and (effect := difference(before, old)) is not None:
            new = await self.new.replay(cart_id, [effect])
        self._seen(old)
        return new if new.grew_from(old) else await self.new.put(old, aged=not older_than_ttl(old, self.new))

    def _seen(self, old: Cart) -> None:
        self._seen_in_old.pop(old.id, None)
        self._seen_in_old[old.id] = old
        if len(self._seen_in_old) > MAX_SEEN:
            del self._seen_in_old[next(iter(self._seen_in_old))]

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
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        await self.get(cart_id)
        return await self.new.transform(cart_id, fold, aged=aged)

    @override
    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        await self.get(cart_id)
        return await self.new.replay(cart_id, changes)

    @override
    async def delete(self, cart_id: str) -> None:
        forget = Forget(new_change_id(), self.now())
        self._forgotten[cart_id] = forget
        await self.apply(cart_id, forget)
        await self._forget_in_old()

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        async for cart in scan_both(self.new, self.old):
            yield Cart(cart.id) if cart.id in self._forgotten else cart

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
        if self._forgotten:
            await self._forget_in_old()
        if cart_id in self._forgotten:
            return Cart(cart_id)
        try:
            return await self.old.get(cart_id)
        except StoreUnavailable as error:
            self._old_failed(error)
            return None

    async def _forget_in_old(self) -> None:
        """Forget in the old store what was forgotten in the new one; if that fails, a later call retries it."""
        for cart_id, forget in list(self._forgotten.items()):
            try:
                await self.old.apply(cart_id, forget)
            except StoreUnavailable as error:
                self._old_failed(error)
                return
            self._forgotten.pop(cart_id, None)

    def _old_failed(self, error: StoreUnavailable) -> None:
        log.warning("Old cart store unavailable; carts not moved yet cannot be read until it is back: %s", error)
        self._old_retry_at = time.monotonic() + OLD_RETRY_SECONDS

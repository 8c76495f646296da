"""A cart service that goes on when its store does not.

Every cart that the store answers is also kept in the standby, as a near copy. When the store cannot take a
call, the standby answers it, and what is changed meanwhile is written down as changes. When the store is
back, the changes are applied to it by their ids, so that one whose outcome was unknown is not doubled.
A store that came back without its latest data is noticed by the history of the carts it answers (a cart
that does not know a change it has acknowledged) and is given them back.

    store well           get, apply -> store, near copy renewed
    store away           get, apply -> standby, changes written down; the store is probed in the background
    store back           a cart with changes written down stays with the standby until they are applied
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Iterator

import msgspec
from typing_extensions import override

from shop.cart.memory import MemoryCartService
from shop.cart.model import Cart, Change, SetQuantity, apply
from shop.cart.service import CartService, now
from shop.errors import CartLimitExceeded, QuantityLimitExceeded, StoreBusy, StoreUnavailable

FIRST_PROBE_SECONDS = 0.05
LAST_PROBE_SECONDS = 1.0
REPLAYED_TOGETHER = 16
CLOSING_SECONDS = 3.0
REPLAY_PATIENCE_SECONDS = 0.5
"""How long a call waits for the replay of its cart's changes before it joins them on the standby."""

log = logging.getLogger(__name__)


class _Outage(msgspec.Struct):
    """What happened to a cart while the store was away: the state the store last acknowledged, and the changes."""

    base: Cart | None
    changes: list[Change] = []
    replayed: int = 0
    """How many of the changes, from the first, the store has since."""
    over: asyncio.Event = msgspec.field(default_factory=asyncio.Event)


class FailoverCartService(CartService):
    """Answers from `primary`; where that raises StoreUnavailable, from `standby`. Raises it never itself.

    Changes made during an outage live in this process: they outlive the store, not the process.
    """

    def __init__(self, primary: CartService, standby: MemoryCartService) -> None:
        self.limits = primary.limits
        self.ttl = primary.ttl
        self.primary = primary
        self.trips = 0
        """How often the standby has taken over."""
        self.replayed = 0
        """Changes made on the standby and applied to the store since."""
        self.restored = 0
        """Carts that were given back to a store that had lost them."""
        self._standby = standby
        self._away = False
        self._outages: dict[str, _Outage] = {}
        self._recovery: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        """Whether the standby is in charge."""
        return self._away

    @property
    def waiting(self) -> int:
        """Changes that wait to be applied to the store."""
        return sum(len(outage.changes) - outage.replayed for outage in self._outages.values())

    @override
    async def get(self, cart_id: str) -> Cart:
        if await self._on_standby(cart_id):
            return self._from_standby(cart_id)
        before = self._standby.peek(cart_id)
        try:
            return await self._checked(before, await self.primary.get(cart_id))
        except StoreUnavailable as error:
            self._lost(error)
            return self._from_standby(cart_id)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        if await self._on_standby(cart_id):
            return await self._write_down(cart_id, change)
        before = self._standby.peek(cart_id)
        try:
            return await self._checked(before, await self.primary.apply(cart_id, change))
        except StoreUnavailable as error:
            self._lost(error)
            return await self._write_down(cart_id, change)

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        try:
            stored = await self.primary.put(cart, aged=aged)
        except StoreUnavailable as error:
            self._lost(error)
            stored = await self._standby.put(cart, aged=aged)
            self._outages.setdefault(cart.id, _Outage(None)).base = stored
            return stored
        self._standby.keep(stored)
        return stored

    @override
    async def delete(self, cart_id: str) -> None:
        await self._standby.delete(cart_id)
        if (outage := self._outages.pop(cart_id, None)) is not None:
            outage.over.set()
        try:
            await self.primary.delete(cart_id)
        except StoreUnavailable as error:
            self._lost(error)

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        source = self._standby if self._away else self.primary
        async for cart in source.scan():
            yield cart

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self.primary.ping(shard)

    @override
    def shard(self, cart_id: str) -> int:
        return self.primary.shard(cart_id)

    @override
    def parts(self) -> Iterator[CartService]:
        yield self
        yield from self.primary.parts()

    @override
    async def start(self) -> None:
        try:
            await self.primary.start()
            await self.primary.ping()
        except StoreUnavailable as error:
            self._lost(error)

    @override
    async def close(self) -> None:
        if self._recovery is not None:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._recovery, CLOSING_SECONDS if self._outages else 0)
        if self._outages:
            log.error("Closing with %d cart changes that the store never took.", self.waiting)
        await self.primary.close()

    async def _on_standby(self, cart_id: str) -> bool:
        """Whether the standby has to answer. While a cart is being replayed, give that a moment to end."""
        if not self._away and (outage := self._outages.get(cart_id)) is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(outage.over.wait(), REPLAY_PATIENCE_SECONDS)
        return self._away or cart_id in self._outages

    def _from_standby(self, cart_id: str) -> Cart:
        cart = self._standby.peek(cart_id)
        outage = self._outages.get(cart_id)
        if cart is None:
            return Cart(cart_id, partial=True)
        return msgspec.structs.replace(cart, partial=True) if outage and outage.base is None else cart

    async def _write_down(self, cart_id: str, change: Change) -> Cart:
        base = self._standby.peek(cart_id)
        await self._standby.apply(cart_id, change)
        self._outages.setdefault(cart_id, _Outage(base)).changes.append(change)
        self._recover()
        return self._from_standby(cart_id)

    async def _checked(self, before: Cart | None, cart: Cart) -> Cart:
        """The cart that the store answered, after it was given back what it must have lost."""
        if before is not None and not cart.grew_from(before) and self._should_live(before):
            log.warning("The store lost changes that it had acknowledged; they are given back.")
            self.restored += 1
            cart = await self.primary.put(before)
        if (outage := self._outages.get(cart.id)) is not None:
            return self._late(outage, cart)
        near = self._standby.peek(cart.id)
        if cart.revision > (near.revision if near else 0):
            self._standby.keep(cart)
        return cart

    def _late(self, outage: _Outage, cart: Cart) -> Cart:
        """Take in what the store answered before it went away: the changes written down since come on top of it."""
        if outage.base is None or cart.grew_from(outage.base):
            outage.base = cart
            for change in outage.changes:
                with contextlib.suppress(CartLimitExceeded):
                    cart = apply(cart, change, self.limits)
            self._standby.keep(cart)
        return self._from_standby(cart.id)

    def _should_live(self, cart: Cart) -> bool:
        """Whether the store cannot have let the cart expire; the margin is for clocks that differ."""
        return cart.changed_at + self.ttl - min(self.ttl // 2, 5) > now()

    def _lost(self, error: StoreUnavailable) -> None:
        """Let the standby take over, and look for the store in the background."""
        if not self._away and not isinstance(error, StoreBusy):
            self._away = True
            self.trips += 1
            log.error("Carts are kept in this process for now. %s", error)
        self._recover()

    def _recover(self) -> None:
        if self._recovery is None or self._recovery.done():
            self._recovery = asyncio.create_task(self._until_recovered())

    async def _until_recovered(self) -> None:
        delay = FIRST_PROBE_SECONDS
        while self._away or self._outages:
            try:
                await self.primary.ping()
                if self._away:
                    log.warning("The store is back; %d cart changes wait for it.", self.waiting)
                self._away = False
                await self._bring_all_back()
            except StoreUnavailable as error:
                self._lost(error)
                await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311 - spreads probes, no secret
                delay = min(delay * 2, LAST_PROBE_SECONDS)

    async def _bring_all_back(self) -> None:
        carts = list(self._outages)

        async def worker() -> None:
            while carts:
                await self._bring_back(carts.pop())

        workers = (worker() for _ in range(min(REPLAYED_TOGETHER, len(carts))))
        for result in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _bring_back(self, cart_id: str) -> None:
        outage = self._outages[cart_id]
        cart = await (self.primary.put(outage.base) if outage.base else self.primary.get(cart_id))
        while outage.replayed < len(outage.changes):
            cart = await self._apply_again(cart_id, outage.changes[outage.replayed])
            outage.replayed += 1
            self.replayed += 1
        # Nothing is awaited between the last look at the list and here: no change can slip in between.
        if self._outages.pop(cart_id, None) is not None:
            self._standby.keep(cart)
        outage.over.set()

    async def _apply_again(self, cart_id: str, change: Change) -> Cart:
        """Apply a change that was accepted on the standby; where the store's cart is fuller, up to its limit."""
        try:
            return await self.primary.apply(cart_id, change)
        except QuantityLimitExceeded as error:
            sku = getattr(change, "sku", "")
            return await self.primary.apply(cart_id, SetQuantity(change.id, change.at, sku, error.limit))
        except CartLimitExceeded as error:
            log.error("A change accepted during an outage did not fit the stored cart: %s", error)  # noqa: TRY400
            return await self.primary.get(cart_id)

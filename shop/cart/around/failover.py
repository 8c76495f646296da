"""A cart service that goes on when its store does not.

Every cart that the store answers is also kept in the standby, as a near copy. When a shard of the store cannot take
a call, the standby answers for it, and what is changed meanwhile is written down as changes. When the shard is back,
the changes are applied to it by their ids, so that one whose outcome was unknown is not doubled.
A store that came back without its latest data is noticed by its epoch, and by the history of the carts it answers
(a cart that does not know a change it has acknowledged); repair.py gives it back what it lost.

    shard well           get, apply -> store, near copy renewed
    shard away           get, apply -> standby, changes written down; the shard is probed in the background
    shard back           a cart with changes written down stays with the standby until they are applied
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator

import msgspec
from typing_extensions import override

from shop.cart.around.repair import Repair
from shop.cart.memory import MemoryCartService
from shop.cart.model import Cart, Change, apply
from shop.cart.service import CartService
from shop.errors import CartLimitExceeded, StoreBusy, StoreUnavailable
from shop.retry import jitter

FIRST_PROBE_SECONDS = 0.05
LAST_PROBE_SECONDS = 1.0
REPLAYED_TOGETHER = 16
REPLAYED_AT_ONCE = 100
"""Changes of one cart that are brought back together: far fewer than the ids that a cart remembers."""
CLOSING_SECONDS = 3.0
REPLAY_PATIENCE_SECONDS = 0.5
"""How long a call waits for a cart that is mended, or whose replay is far behind."""
FAR_BEHIND = 500
"""Changes of one cart that wait to be replayed: with more, its calls wait, so that the replay comes to an end."""

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
        self._standby = standby
        self._shards_away: set[int] = set()
        self._outages: dict[str, _Outage] = {}
        self._repair = Repair(primary, standby, self._outages)
        self._recovery: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        """Whether the standby is in charge of a shard, or of all."""
        return bool(self._shards_away)

    @property
    def waiting(self) -> int:
        """Changes that wait to be applied to the store."""
        return sum(len(outage.changes) - outage.replayed for outage in self._outages.values())

    @property
    def restored(self) -> int:
        """Carts that were given back to a store that had lost something of them."""
        return self._repair.restored

    @override
    async def get(self, cart_id: str) -> Cart:
        if await self._on_standby(cart_id):
            return self._from_standby(cart_id)
        before = self._standby.peek(cart_id)
        try:
            return await self._checked(before, await self.primary.get(cart_id))
        except StoreUnavailable as error:
            self._lost(cart_id, error)
            return self._from_standby(cart_id)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        if await self._on_standby(cart_id):
            return await self._write_down(cart_id, change)
        before = self._standby.peek(cart_id)
        self._repair.sends(cart_id, change)
        try:
            try:
                cart = await self.primary.apply(cart_id, change)
            finally:
                self._repair.landed(cart_id)
            return await self._checked(before, cart, change)
        except StoreUnavailable as error:
            self._lost(cart_id, error)
            return await self._write_down(cart_id, change)

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        if await self._on_standby(cart.id):
            return await self._put_on_standby(cart, aged=aged)
        try:
            stored = await self.primary.put(cart, aged=aged)
        except StoreUnavailable as error:
            self._lost(cart.id, error)
            return await self._put_on_standby(cart, aged=aged)
        self._standby.keep(stored)
        return stored

    @override
    async def delete(self, cart_id: str) -> None:
        await self._standby.delete(cart_id)
        self._repair.recent.forget(cart_id)
        if (outage := self._outages.pop(cart_id, None)) is not None:
            outage.over.set()
        try:
            await self.primary.delete(cart_id)
        except StoreUnavailable as error:
            self._lost(cart_id, error)

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        source = self._standby if self.away else self.primary
        async for cart in source.scan():
            yield cart

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self.primary.ping(shard)

    @override
    def shard(self, cart_id: str) -> int:
        return self.primary.shard(cart_id)

    @override
    def stands_in(self, cart_id: str) -> bool:
        return cart_id in self._outages or self._is_away(cart_id)

    @property
    @override
    def epoch(self) -> int:
        return self.primary.epoch

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
            self._lost(None, error)

    @override
    async def close(self) -> None:
        if self._recovery is not None:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                async with asyncio.timeout(CLOSING_SECONDS if self._outages else 0):
                    await self._recovery
        if self._outages:
            log.error("Closing with %d cart changes that the store never took.", self.waiting)
        await self._repair.close()
        await self.primary.close()

    async def _on_standby(self, cart_id: str) -> bool:
        """Whether the standby has to answer. While a cart is mended, or its replay is far behind, wait a moment."""
        if (mending := self._repair.mending(cart_id)) is not None:
            await asyncio.wait([mending], timeout=REPLAY_PATIENCE_SECONDS)
        outage = self._outages.get(cart_id)
        if outage and len(outage.changes) - outage.replayed > FAR_BEHIND and not self._is_away(cart_id):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPLAY_PATIENCE_SECONDS):
                    await outage.over.wait()
        return self.stands_in(cart_id)

    def _is_away(self, cart_id: str) -> bool:
        return bool(self._shards_away) and self.primary.shard(cart_id) in self._shards_away

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

    async def _put_on_standby(self, cart: Cart, *, aged: bool) -> Cart:
        stored = await self._standby.put(cart, aged=aged)
        self._outages.setdefault(cart.id, _Outage(None)).base = stored
        self._recover()
        return stored

    async def _checked(self, before: Cart | None, cart: Cart, change: Change | None = None) -> Cart:
        """The cart that the store answered, after it was given back what it must have lost."""
        cart = await self._repair.check(before, cart, change)
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
            for change in outage.changes[outage.replayed :]:
                with contextlib.suppress(CartLimitExceeded):
                    cart = apply(cart, change, self.limits)
            self._standby.keep(cart)
        return self._from_standby(cart.id)

    def _lost(self, cart_id: str | None, error: StoreUnavailable) -> None:
        """Let the standby take over for the cart's shard, and look for that in the background."""
        shard = 0 if cart_id is None else self.primary.shard(cart_id)
        if shard not in self._shards_away and not isinstance(error, StoreBusy):
            if not self._shards_away:
                self.trips += 1
            self._shards_away.add(shard)
            log.error("Carts are kept in this process for now. %s", error)
        self._recover()

    def _recover(self) -> None:
        if self._recovery is None or self._recovery.done():
            self._recovery = asyncio.create_task(self._until_recovered())

    async def _until_recovered(self) -> None:
        delay = FIRST_PROBE_SECONDS
        while True:
            await asyncio.gather(*map(self._probe, tuple(self._shards_away)))
            await self._bring_all_back()
            if not self._shards_away and not self._outages:
                return
            await asyncio.sleep(jitter(delay))
            delay = min(delay * 2, LAST_PROBE_SECONDS)

    async def _probe(self, shard: int) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.primary.ping(shard)
            self._shards_away.discard(shard)
            log.warning("The store is back; %d cart changes wait for it.", self.waiting)
            self._repair.look_around()

    async def _bring_all_back(self) -> None:
        """Apply what was written down, as far as the shards are back."""
        carts = [cart_id for cart_id in self._outages if not self._is_away(cart_id)]

        async def worker() -> None:
            while carts:
                cart_id = carts.pop()
                if not self._is_away(cart_id):
                    try:
                        await self._bring_back(cart_id)
                    except StoreUnavailable as error:
                        self._lost(cart_id, error)
                    except Exception:
                        log.exception("The changes of a cart could not be brought back; they are tried again.")

        await asyncio.gather(*(worker() for _ in range(min(REPLAYED_TOGETHER, len(carts)))))

    async def _bring_back(self, cart_id: str) -> None:
        outage = self._outages[cart_id]
        cart = await self.primary.get(cart_id)
        if outage.base is not None:
            cart = await self._repair.give_back(outage.base, cart)
        while changes := outage.changes[outage.replayed : outage.replayed + REPLAYED_AT_ONCE]:
            epoch = self.primary.epoch
            cart = await self.primary.replay(cart_id, changes)
            if outage.base is not None:
                cart = await self._repair.give_back(outage.base, cart)
            if self.primary.epoch != epoch:  # a replica may have been promoted that lacks what was just replayed
                continue
            for change in changes:
                self._repair.recent.remember(cart_id, change)
            outage.base = cart
            outage.replayed += len(changes)
            self.replayed += len(changes)
        # Nothing is awaited between the last look at the list and here: no change can slip in between.
        if self._outages.pop(cart_id, None) is not None:
            self._standby.keep(cart)
        outage.over.set()

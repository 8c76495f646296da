"""A cart service that fails over to a standby in memory when its store is unavailable.

Every cart that the store returns is also kept in the standby, as a near copy. While a shard of the store is down, the
standby answers for it, and the changes are recorded. When the shard is back, the recorded changes are replayed: their
ids ensure that a change whose outcome was unknown is not applied twice.
A store that came back without its latest data is detected by its epoch, and by the history of the carts that it
returns (a cart that does not know a change that the store had acknowledged); repair.py restores what it lost.

    shard up             get, apply -> store; the near copy is updated
    shard down           get, apply -> standby; changes are recorded; the shard is probed in the background
    shard back           a cart with recorded changes stays on the standby until they are replayed

This module and repair.py depend on each other's state: Repair gets `_outages` by reference, to skip the carts in it,
and FailoverCartService reports every change to Repair and asks it before each call.
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
"""The interval between probes of a shard that is down doubles from the first to the last."""
REPLAY_CONCURRENCY = 16
"""Carts that are replayed at a time."""
REPLAY_BATCH = 100
"""Changes of one cart that are replayed together: far fewer than the ids that a cart remembers."""
CLOSE_SECONDS = 3.0
"""How long closing waits for recorded changes to be replayed."""
REPLAY_WAIT_SECONDS = 0.5
"""How long a call waits for a cart that is being repaired, or whose replay backlog is long."""
MAX_REPLAY_BACKLOG = 500
"""Recorded changes of a cart above which its calls wait, so that the replay can catch up."""

log = logging.getLogger(__name__)


class _Outage(msgspec.Struct):
    """An outage of one cart: the last state that the store acknowledged, and the changes recorded since."""

    base: Cart | None
    changes: list[Change] = []
    replayed: int = 0
    """How many of the changes, counted from the first, have been replayed."""
    done: asyncio.Event = msgspec.field(default_factory=asyncio.Event)


class FailoverCartService(CartService):
    """Answers from `primary`, or from `standby` if that raises StoreUnavailable, which it never raises itself.

    Changes made during an outage exist only in this process: they survive a loss of the store, but not of the process.
    Made by `shop.cart.connect`.
    """

    def __init__(self, primary: CartService, standby: MemoryCartService) -> None:
        self.limits = primary.limits
        self.ttl = primary.ttl
        self.primary = primary
        self.failovers = 0
        """How many times the standby has taken over."""
        self.replayed = 0
        """Number of changes made on the standby and since replayed to the store."""
        self._standby = standby
        self._down_shards: set[int] = set()
        self._outages: dict[str, _Outage] = {}
        self._repair = Repair(primary, standby, self._outages)
        self._recovery: asyncio.Task[None] | None = None

    @property
    def standby_active(self) -> bool:
        """Whether the standby answers for any shard."""
        return bool(self._down_shards)

    @property
    def backlog(self) -> int:
        """The number of changes that still have to be replayed."""
        return sum(len(outage.changes) - outage.replayed for outage in self._outages.values())

    @property
    def repaired(self) -> int:
        """The number of carts restored in a store that had lost some of their changes."""
        return self._repair.repaired

    @override
    async def get(self, cart_id: str) -> Cart:
        if await self._must_use_standby(cart_id):
            return self._from_standby(cart_id)
        before = self._standby.find(cart_id)
        try:
            return await self._accept(before, await self.primary.get(cart_id))
        except StoreUnavailable as error:
            self._fail_over(cart_id, error)
            return self._from_standby(cart_id)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        if await self._must_use_standby(cart_id):
            return await self._apply_on_standby(cart_id, change)
        before = self._standby.find(cart_id)
        self._repair.change_sent(cart_id, change)
        try:
            try:
                cart = await self.primary.apply(cart_id, change)
            finally:
                self._repair.change_answered(cart_id)
            return await self._accept(before, cart, change)
        except StoreUnavailable as error:
            self._fail_over(cart_id, error)
            return await self._apply_on_standby(cart_id, change)

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        if await self._must_use_standby(cart.id):
            return await self._put_on_standby(cart, aged=aged)
        try:
            stored = await self.primary.put(cart, aged=aged)
        except StoreUnavailable as error:
            self._fail_over(cart.id, error)
            return await self._put_on_standby(cart, aged=aged)
        self._standby.store(stored)
        return stored

    @override
    async def delete(self, cart_id: str) -> None:
        await self._standby.delete(cart_id)
        self._repair.recent.forget(cart_id)
        if (outage := self._outages.pop(cart_id, None)) is not None:
            outage.done.set()
        try:
            await self.primary.delete(cart_id)
        except StoreUnavailable as error:
            self._fail_over(cart_id, error)

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        source = self._standby if self.standby_active else self.primary
        async for cart in source.scan():
            yield cart

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self.primary.ping(shard)

    @override
    def shard(self, cart_id: str) -> int:
        return self.primary.shard(cart_id)

    @override
    def uses_standby(self, cart_id: str) -> bool:
        return cart_id in self._outages or self._is_down(cart_id)

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
            self._fail_over(None, error)

    @override
    async def close(self) -> None:
        if self._recovery is not None:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                async with asyncio.timeout(CLOSE_SECONDS if self._outages else 0):
                    await self._recovery
        if self._outages:
            log.error("Closing: %d cart changes were never replayed to the store and are lost.", self.backlog)
        await self._repair.close()
        await self.primary.close()

    async def _must_use_standby(self, cart_id: str) -> bool:
        """Whether the standby has to answer. Waits a moment if the cart is being repaired or its backlog is long."""
        if (repair := self._repair.repairing(cart_id)) is not None:
            await asyncio.wait([repair], timeout=REPLAY_WAIT_SECONDS)
        outage = self._outages.get(cart_id)
        if outage and len(outage.changes) - outage.replayed > MAX_REPLAY_BACKLOG and not self._is_down(cart_id):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPLAY_WAIT_SECONDS):
                    await outage.done.wait()
        return self.uses_standby(cart_id)

    def _is_down(self, cart_id: str) -> bool:
        return bool(self._down_shards) and self.primary.shard(cart_id) in self._down_shards

    def _from_standby(self, cart_id: str) -> Cart:
        cart = self._standby.find(cart_id)
        outage = self._outages.get(cart_id)
        if cart is None:
            return Cart(cart_id, partial=True)
        return msgspec.structs.replace(cart, partial=True) if outage and outage.base is None else cart

    async def _apply_on_standby(self, cart_id: str, change: Change) -> Cart:
        base = self._standby.find(cart_id)
        await self._standby.apply(cart_id, change)
        self._outages.setdefault(cart_id, _Outage(base)).changes.append(change)
        self._recover()
        return self._from_standby(cart_id)

    async def _put_on_standby(self, cart: Cart, *, aged: bool) -> Cart:
        stored = await self._standby.put(cart, aged=aged)
        self._outages.setdefault(cart.id, _Outage(None)).base = stored
        self._recover()
        return stored

    async def _accept(self, before: Cart | None, cart: Cart, change: Change | None = None) -> Cart:
        """The cart that the store returned, after restoring any changes that the store has lost."""
        cart = await self._repair.check(before, cart, change)
        if (outage := self._outages.get(cart.id)) is not None:
            return self._merge_late_reply(outage, cart)
        near = self._standby.find(cart.id)
        if cart.revision > (near.revision if near else 0):
            self._standby.store(cart)
        return cart

    def _merge_late_reply(self, outage: _Outage, cart: Cart) -> Cart:
        """Merge a reply that the store sent before it went down: the changes recorded since are applied to it."""
        if outage.base is None or cart.grew_from(outage.base):
            outage.base = cart
            for change in outage.changes[outage.replayed :]:
                with contextlib.suppress(CartLimitExceeded):
                    cart = apply(cart, change, self.limits)
            self._standby.store(cart)
        return self._from_standby(cart.id)

    def _fail_over(self, cart_id: str | None, error: StoreUnavailable) -> None:
        """Let the standby take over the shard of the cart, and probe the shard in the background."""
        shard = 0 if cart_id is None else self.primary.shard(cart_id)
        if shard not in self._down_shards and not isinstance(error, StoreBusy):
            if not self._down_shards:
                self.failovers += 1
            self._down_shards.add(shard)
            log.error("Cart store unavailable; carts are kept in this process until it is back: %s", error)
        self._recover()

    def _recover(self) -> None:
        if self._recovery is None or self._recovery.done():
            self._recovery = asyncio.create_task(self._until_recovered())

    async def _until_recovered(self) -> None:
        delay = FIRST_PROBE_SECONDS
        while True:
            await asyncio.gather(*map(self._probe, tuple(self._down_shards)))
            await self._replay_all()
            if not self._down_shards and not self._outages:
                return
            await asyncio.sleep(jitter(delay))
            delay = min(delay * 2, LAST_PROBE_SECONDS)

    async def _probe(self, shard: int) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.primary.ping(shard)
            self._down_shards.discard(shard)
            log.warning("Cart store is back; %d cart changes will be replayed.", self.backlog)
            self._repair.start_comparing()

    async def _replay_all(self) -> None:
        """Replay the recorded changes of all carts whose shard is back."""
        carts = [cart_id for cart_id in self._outages if not self._is_down(cart_id)]

        async def worker() -> None:
            while carts:
                cart_id = carts.pop()
                if not self._is_down(cart_id):
                    try:
                        await self._replay_outage(cart_id)
                    except StoreUnavailable as error:
                        self._fail_over(cart_id, error)
                    except Exception:
                        log.exception("Replaying the changes of a cart failed, will retry.")

        await asyncio.gather(*(worker() for _ in range(min(REPLAY_CONCURRENCY, len(carts)))))

    async def _replay_outage(self, cart_id: str) -> None:
        outage = self._outages[cart_id]
        cart = await self.primary.get(cart_id)
        if outage.base is not None:
            cart = await self._repair.restore(outage.base, cart)
        while changes := outage.changes[outage.replayed : outage.replayed + REPLAY_BATCH]:
            epoch = self.primary.epoch
            cart = await self.primary.replay(cart_id, changes)
            if outage.base is not None:
                cart = await self._repair.restore(outage.base, cart)
            if self.primary.epoch != epoch:  # the promoted replica may lack the changes just replayed
                continue
            for change in changes:
                self._repair.recent.remember(cart_id, change)
            outage.base = cart
            outage.replayed += len(changes)
            self.replayed += len(changes)
        # There is no await between the last check of the list and here, so no change can be recorded in between.
        if self._outages.pop(cart_id, None) is not None:
            self._standby.store(cart)
        outage.done.set()

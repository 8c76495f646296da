"""Two tiers: live carts in a fast store, and an archive of all carts in a large one.

    hot     answers every call; a cart stays there for hot's TTL
    cold    the archive: gets every cart shortly after a change (write_behind.py), keeps it for its own, longer TTL, and
            is only read for a cart that hot does not have

A cart that hot no longer has, because hot lost its data or the cart expired there, is restored to hot by the first call
for it, with one query.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import msgspec
from typing_extensions import override

from shop.cart.around.forwarding import ForwardingCartService
from shop.cart.around.scanning import scan_both
from shop.cart.around.write_behind import MAX_BACKLOG, WriteBehind
from shop.cart.model import Cart, Change, apply
from shop.cart.service import CartService, now
from shop.errors import CartLimitExceeded, StoreUnavailable
from shop.retry import jitter

PURGE_SECONDS = 60.0
"""The default interval between purges of expired carts."""
PURGE_BATCH = 500
"""Carts deleted by one statement."""
RESTORE_SECONDS = 1.0
"""By default, how long a call waits for cold before it answers without it: an empty cart is worse than a slow one."""
COLD_PROBE_SECONDS = 0.5
"""How often cold is probed while it is down; until it is back, no call waits for it."""
DELETE_SECONDS = 1.0
"""How long a call waits until a deleted cart is empty in cold too; after that, it is retried in the background."""

log = logging.getLogger(__name__)


class TieredCartService(ForwardingCartService):
    """Answers from `hot`, and restores carts from `cold` that hot does not have. Made by `shop.cart.connect`.

    A cart lives as long as in either store. A change is in cold at most `delay` seconds after it was made. Raises
    StoreUnavailable only if hot does; while cold is down, a cart that may be archived is returned as `partial`. Cold is
    down if it does not answer within `patience` seconds.
    """

    def __init__(
        self,
        hot: CartService,
        cold: CartService,
        *,
        delay: float = 1.0,
        purge_interval: float = PURGE_SECONDS,
        patience: float = RESTORE_SECONDS,
    ) -> None:
        super().__init__(hot)
        self.ttl = max(hot.ttl, cold.ttl)
        self.hot = hot
        self.cold = cold
        self.write_behind = WriteBehind(hot, cold, delay=delay)
        hot.on_replayed(self.write_behind.enqueue)
        hot.on_lacking(self._recalled)
        self.restored = 0
        """Number of carts restored from cold to hot."""
        self.purged = 0
        """Number of expired carts deleted from cold."""
        self._purge_interval = purge_interval
        self._patience = patience
        self._reading: dict[str, asyncio.Task[Cart]] = {}
        self._missed: dict[str, list[Change]] = {}
        self._in_flight: Counter[str] = Counter()
        """Changes in flight of carts that have not been synced with cold: hot may create a cart that is archived."""
        self._probing: asyncio.Task[None] | None = None
        self._purging: asyncio.Task[None] | None = None

    @property
    def cold_down(self) -> bool:
        """Whether cold did not answer and is being probed."""
        return self._probing is not None and not self._probing.done()

    @override
    async def get(self, cart_id: str) -> Cart:
        cart = await self.hot.get(cart_id)
        if cart.revision and not cart.partial and not self._in_doubt(cart_id) and not self.hot.uses_standby(cart_id):
            self.write_behind.enqueue_unless_synced(cart)
            return cart
        return await self._with_archived(cart)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        if self.hot.uses_standby(cart_id):
            await self.get(cart_id)  # the archive may know a newer state than this process
        with self._change_in_flight(cart_id):
            return await self._apply(cart_id, change)

    async def _apply(self, cart_id: str, change: Change) -> Cart:
        cart = await self.hot.apply(cart_id, change)
        if cart.revision <= 1 or cart.partial or self._in_doubt(cart_id, ignoring=1):
            cart = await self._with_archived(cart, change)
        self._enqueue(cart)
        return cart

    def _enqueue(self, cart: Cart, *, instead_of: Cart | None = None) -> None:
        """Have a cart written to cold, unless hot does not have all of it: the journal may still be put into order."""
        if not self.hot.in_journal(cart.id):
            self.write_behind.enqueue(cart, instead_of=instead_of)

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        await self.get(cart_id)
        cart = await self.hot.transform(cart_id, fold, aged=aged)
        self._enqueue(cart)
        return cart

    @override
    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        await self.get(cart_id)
        cart = await self.hot.replay(cart_id, changes)
        self._enqueue(cart)
        return cart

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        known = await self.get(cart.id)
        stored = await self.hot.put(cart, aged=aged)
        self._enqueue(stored, instead_of=None if stored.grew_from(known) else known)
        return msgspec.structs.replace(stored, partial=stored.partial or known.partial, idle_since=known.idle_since)

    @override
    async def delete(self, cart_id: str) -> None:
        await CartService.delete(self, cart_id)  # by way of apply(), not of hot alone
        await self._write_now(DELETE_SECONDS)

    @override
    def scan(self) -> AsyncIterator[Cart]:
        return scan_both(self.hot, self.cold)

    @override
    async def count(self) -> int | None:
        return await self.cold.count()

    @override
    def parts(self) -> Iterator[CartService]:
        yield self
        yield from self.hot.parts()
        yield from self.cold.parts()

    @override
    async def start(self) -> None:
        await self.hot.start()
        await self.cold.start()
        try:
            await self.cold.get("")  # connects now, so that no shopper has to wait for it
        except StoreUnavailable as error:
            self._cold_failed("", error)
        self._purging = asyncio.create_task(self._purge_regularly())

    @override
    async def close(self) -> None:
        for task in filter(None, (self._purging, self._probing)):
            task.cancel()
            await asyncio.wait([task])
        await self.write_behind.close()
        await self.hot.close()
        await self.cold.close()

    async def _write_now(self, seconds: float) -> None:
        """Write the queue to cold for at most `seconds`; the rest is written in the background."""
        with contextlib.suppress(TimeoutError, StoreUnavailable):
            async with asyncio.timeout(seconds):
                await self.write_behind.flush()

    @contextlib.contextmanager
    def _change_in_flight(self, cart_id: str) -> Iterator[None]:
        """Mark a change as in flight. It may create a cart that is archived, so other calls must read cold too."""
        if self.write_behind.is_synced(cart_id) and cart_id not in self._in_flight:
            yield
            return
        self._in_flight[cart_id] += 1
        try:
            yield
        finally:
            self._in_flight[cart_id] -= 1
            if not self._in_flight[cart_id]:
                del self._in_flight[cart_id]

    def _in_doubt(self, cart_id: str, *, ignoring: int = 0) -> bool:
        """Whether hot may lack what cold has: cold did not answer, has not answered yet, or is about to be read.

        `ignoring`: the number of changes in flight that are the caller's own.
        """
        return cart_id in self._missed or cart_id in self._reading or self._in_flight[cart_id] > ignoring

    async def _with_archived(self, cart: Cart, change: Change | None = None) -> Cart:
        """The cart that hot returned (for this change), after adding what cold has of it.

        A change that had no effect because hot had no cart is repeated; if cold is down, once it is back.
        """
        changes = self._missed.pop(cart.id, [])
        if change is not None and not cart.revision:
            changes.append(change)
        archived = await self._archived_or_none(cart.id, changes)
        unwritten = self.write_behind.unwritten(cart.id)
        since = self._idle_since(archived) if archived and not unwritten and not cart.partial else 0
        for state in (unwritten, archived):  # separately: a state that shares no change with the cart is added exactly
            if state and not cart.grew_from(state):
                cart = _with_idle_since(await self.hot.put(self._with_change(state, change, cart)), since)
                if state is archived:
                    self.restored += 1
        if archived is None:
            return msgspec.structs.replace(cart, partial=True)
        self.write_behind.mark_synced(cart.id)
        return _with_idle_since(await self._repeat(cart, changes), cart.idle_since)

    def _with_change(self, state: Cart, change: Change | None, cart: Cart) -> Cart:
        """Apply to a state the change that hot has applied.

        A state that shares no change with the cart is returned unchanged, because joining then adds it exactly.
        """
        if change is None or not any(map(cart.knows, state.change_ids)):
            return state
        with contextlib.suppress(CartLimitExceeded):
            return apply(state, change, self.limits)
        return state

    async def _repeat(self, cart: Cart, changes: list[Change]) -> Cart:
        for change in changes if cart.revision else ():
            with contextlib.suppress(CartLimitExceeded):
                cart = await self.hot.apply(cart.id, change)
            self._enqueue(cart)
        return cart

    async def _recalled(self, cart: Cart) -> Cart | None:
        """What cold has of a cart that is in hot without it."""
        with contextlib.suppress(StoreUnavailable):
            archived = await self._archived(cart.id)
            if not cart.grew_from(archived):
                self.restored += 1
                return archived
        return None

    async def _archived_or_none(self, cart_id: str, changes: list[Change]) -> Cart | None:
        """What cold has of a cart; None if it does not answer, and then the next call for the cart reads it again."""
        try:
            return await self._archived(cart_id)
        except StoreUnavailable:
            self._missed[cart_id] = changes + self._missed.get(cart_id, [])
            if len(self._missed) > MAX_BACKLOG:
                del self._missed[next(iter(self._missed))]
            return None

    async def _archived(self, cart_id: str) -> Cart:
        """What cold has of a cart; concurrent calls share one query."""
        if self.cold_down:
            raise StoreUnavailable("The archive did not answer the last call.")
        reading = self._reading.get(cart_id)
        if reading is None:
            reading = self._reading[cart_id] = asyncio.create_task(self.cold.get(cart_id), name=cart_id)
            reading.add_done_callback(self._read_done)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(reading)
        except (StoreUnavailable, TimeoutError) as error:
            self._cold_failed(cart_id, error)
            raise StoreUnavailable(str(error)) from error

    def _cold_failed(self, cart_id: str, error: Exception) -> None:
        if not self.cold_down:
            reason = error if str(error) else f"no answer in {self._patience:g} s"
            log.error("Cart archive unavailable; archived carts cannot be restored until it is back: %s", reason)
            self._probing = asyncio.create_task(self._until_cold_answers(cart_id))

    def _read_done(self, reading: asyncio.Task[Cart]) -> None:
        del self._reading[reading.get_name()]
        if not reading.cancelled():
            reading.exception()  # marks it as retrieved, because no caller may be waiting any more

    async def _until_cold_answers(self, cart_id: str) -> None:
        """Probe cold with a cart, and return when it answers."""
        while True:
            await asyncio.sleep(jitter(COLD_PROBE_SECONDS))
            with contextlib.suppress(StoreUnavailable):
                await self.cold.get(cart_id)
                return

    def _idle_since(self, cart: Cart) -> int:
        """When the cart last changed, if hot dropped it because it expired; 0 if hot lost it."""
        return cart.changed_at if cart.changed_at + self.hot.ttl <= now() else 0

    @override
    async def purge(self, limit: int) -> int:
        purged = await self.cold.purge(limit)
        self.purged += purged
        return purged

    async def _purge_regularly(self) -> None:
        while True:
            await asyncio.sleep(jitter(self._purge_interval, fraction=0.5))
            try:
                while await self.purge(PURGE_BATCH):
                    pass
            except StoreUnavailable as error:
                log.warning("Expired carts could not be deleted from the archive, will retry: %s", error)


def _with_idle_since(cart: Cart, since: int) -> Cart:
    return msgspec.structs.replace(cart, idle_since=since) if since else cart

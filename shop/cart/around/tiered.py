"""Live carts in a fast store, sleeping ones in a large one: they go to sleep by themselves and wake when asked for.

    hot     answers every call; a cart lives there for hot's TTL
    cold    has every cart soon after a change (behind.py), keeps it for its own, longer TTL, and is only asked for a
            cart that hot does not know

A cart that hot has lost, with all it held or because its time there was over, is put back into hot by the first call
for it, with one query.

While a standby stands in for hot, each process has its own. Then cold is what they share: it is asked before each
answer and written before a change is acknowledged, so a shopper may be answered by any process, and a process that
dies takes nothing along (but for changes that were not written behind yet when hot went away).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import msgspec
from typing_extensions import override

from shop.cart.around.scanning import scan_both
from shop.cart.around.write_behind import MOST_WAITING, WriteBehind
from shop.cart.model import Cart, Change, apply
from shop.cart.service import CartService, now
from shop.errors import CartLimitExceeded, StoreUnavailable
from shop.retry import jitter

PURGE_SECONDS = 60.0
PURGED_TOGETHER = 500
WAKING_SECONDS = 1.0
"""How long a call waits for cold before it is answered without it: an empty cart is worse than a slow one."""
LOOKING_SECONDS = 0.5
"""How often it is tried whether cold is back; until then no call waits for it."""
DELETING_SECONDS = 1.0
"""How long a call waits until cold has deleted a cart; it is deleted in any case, as soon as cold takes it."""

log = logging.getLogger(__name__)


class TieredCartService(CartService):
    """Answers from `hot`, and from `cold` what hot does not know; a cart lives as long as in either.

    A change is in cold at the latest `delay` seconds after it was made. Raises StoreUnavailable only where hot does;
    while cold is away, a cart that may sleep there is answered as `partial`.
    """

    def __init__(
        self, hot: CartService, cold: CartService, *, delay: float = 1.0, purge_every: float = PURGE_SECONDS
    ) -> None:
        self.limits = hot.limits
        self.ttl = max(hot.ttl, cold.ttl)
        self.hot = hot
        self.cold = cold
        self.behind = WriteBehind(hot, cold, delay=delay)
        self.woken = 0
        """Carts that cold gave back to hot."""
        self.purged = 0
        """Sleeping carts that were taken out because their time was over."""
        self._purge_every = purge_every
        self._asking: dict[str, asyncio.Task[Cart]] = {}
        self._missed: dict[str, list[Change]] = {}
        self._begun: Counter[str] = Counter()
        """Changes under way of carts that cold has not been asked for yet: hot may begin a cart that sleeps."""
        self._looking: asyncio.Task[None] | None = None
        self._purging: asyncio.Task[None] | None = None

    @property
    def cold_away(self) -> bool:
        """Whether cold did not answer and is looked for."""
        return self._looking is not None and not self._looking.done()

    @override
    async def get(self, cart_id: str) -> Cart:
        cart = await self.hot.get(cart_id)
        if cart.revision and not cart.partial and not self._in_doubt(cart_id) and not self.hot.stands_in(cart_id):
            self.behind.meet(cart)
            return cart
        return await self._with_what_slept(cart)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        if self.hot.stands_in(cart_id):
            await self.get(cart_id)
        with self._beginning(cart_id):
            return await self._apply(cart_id, change)

    async def _apply(self, cart_id: str, change: Change) -> Cart:
        cart = await self.hot.apply(cart_id, change)
        if cart.revision <= 1 or cart.partial or self._in_doubt(cart_id, but=1) or self.hot.stands_in(cart_id):
            cart = await self._with_what_slept(cart, change)
        if cart.revision:
            self.behind.mark(cart)
        if self.hot.stands_in(cart_id) and not self.cold_away:
            await self._write_now(WAKING_SECONDS)
        return cart

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        stored = await self.hot.put(cart, aged=aged)
        if stored.changes == cart.changes:  # hot knew nothing more of it
            stored = await self._with_what_slept(stored)
        self.behind.mark(stored)
        return stored

    @override
    async def delete(self, cart_id: str) -> None:
        self.behind.forget(cart_id)
        if (asking := self._asking.get(cart_id)) is not None:
            await asyncio.wait([asking], timeout=WAKING_SECONDS)
        await self.hot.delete(cart_id)
        self.behind.forget(cart_id)
        await self._write_now(DELETING_SECONDS)

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        async for cart in scan_both(self.hot, self.cold):
            if not self.behind.is_gone(cart.id):
                yield cart

    @override
    async def count(self) -> int | None:
        return await self.cold.count()

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self.hot.ping(shard)

    @override
    def shard(self, cart_id: str) -> int:
        return self.hot.shard(cart_id)

    @property
    @override
    def epoch(self) -> int:
        return self.hot.epoch

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
            await self.cold.get("")  # connects, so that no shopper waits for it
        except StoreUnavailable as error:
            self._without_cold("", error)
        self._purging = asyncio.create_task(self._purge_now_and_then())

    @override
    async def close(self) -> None:
        for task in filter(None, (self._purging, self._looking)):
            task.cancel()
            await asyncio.wait([task])
        await self.behind.close()
        await self.hot.close()
        await self.cold.close()

    async def _write_now(self, seconds: float) -> None:
        """Have cold take what waits; what it does not take in so many seconds, it is given later."""
        with contextlib.suppress(TimeoutError, StoreUnavailable):
            async with asyncio.timeout(seconds):
                await self.behind.flush()

    @contextlib.contextmanager
    def _beginning(self, cart_id: str) -> Iterator[None]:
        """While a change is under way that may begin a cart which sleeps, calls for it must not miss what slept."""
        if self.behind.knows(cart_id) and cart_id not in self._begun:
            yield
            return
        self._begun[cart_id] += 1
        try:
            yield
        finally:
            self._begun[cart_id] -= 1
            if not self._begun[cart_id]:
                del self._begun[cart_id]

    def _in_doubt(self, cart_id: str, *, but: int = 0) -> bool:
        """Whether hot may lack what cold has: cold did not answer, has not answered yet, or is about to be asked.

        `but`: so many changes under way are the caller's own.
        """
        return cart_id in self._missed or cart_id in self._asking or self._begun[cart_id] > but

    async def _with_what_slept(self, cart: Cart, change: Change | None = None) -> Cart:
        """The cart that hot has answered (to this change), after it was given what cold has of it.

        A change that had no effect, because there was no cart for it, is made again; later, where cold is away.
        """
        changes = self._missed.pop(cart.id, [])
        if change is not None and not cart.revision:
            changes.append(change)
        slept = await self._slept_or_missed(cart.id, changes)
        if self.behind.is_gone(cart.id):
            return cart
        unwritten = self.behind.unwritten(cart.id)
        since = self._asleep_since(slept) if slept and not unwritten and not cart.partial else 0
        for state in (unwritten, slept):  # one after the other: what they share nothing with adds up exactly
            if state and not cart.grew_from(state):
                cart = _woken(await self.hot.put(self._after(state, change, cart)), since)
                if state is slept:
                    self.woken += 1
        if slept is None:
            return msgspec.structs.replace(cart, partial=True)
        self.behind.learn(cart.id)
        return _woken(await self._made_again(cart, changes), cart.woken)

    def _after(self, state: Cart, change: Change | None, cart: Cart) -> Cart:
        """The state with the change that hot has answered; where they share no past, adding them up is as exact."""
        if change is None or not any(map(cart.knows, state.change_ids)):
            return state
        with contextlib.suppress(CartLimitExceeded):
            return apply(state, change, self.limits)
        return state

    async def _made_again(self, cart: Cart, changes: list[Change]) -> Cart:
        for change in changes if cart.revision else ():
            with contextlib.suppress(CartLimitExceeded):
                cart = await self.hot.apply(cart.id, change)
            self.behind.mark(cart)
        return cart

    async def _slept_or_missed(self, cart_id: str, changes: list[Change]) -> Cart | None:
        """What cold has of a cart; None where it does not answer, and the next call for the cart asks again."""
        try:
            return await self._slept(cart_id)
        except StoreUnavailable:
            self._missed[cart_id] = changes + self._missed.get(cart_id, [])
            if len(self._missed) > MOST_WAITING:
                del self._missed[next(iter(self._missed))]
            return None

    async def _slept(self, cart_id: str) -> Cart:
        """What cold has of a cart; concurrent calls share one query."""
        if self.behind.is_gone(cart_id):
            return Cart(cart_id)
        if self.cold_away:
            raise StoreUnavailable("The archive did not answer a moment ago.")
        asking = self._asking.get(cart_id)
        if asking is None:
            asking = self._asking[cart_id] = asyncio.create_task(self.cold.get(cart_id), name=cart_id)
            asking.add_done_callback(self._answered)
        try:
            async with asyncio.timeout(WAKING_SECONDS):
                return await asyncio.shield(asking)
        except (StoreUnavailable, TimeoutError) as error:
            self._without_cold(cart_id, error)
            raise StoreUnavailable(str(error)) from error

    def _without_cold(self, cart_id: str, error: Exception) -> None:
        if not self.cold_away:
            reason = error if str(error) else f"No answer in {WAKING_SECONDS:g} s."
            log.error("Sleeping carts cannot be woken for now. %s", reason)
            self._looking = asyncio.create_task(self._look_for_cold(cart_id))

    def _answered(self, asking: asyncio.Task[Cart]) -> None:
        del self._asking[asking.get_name()]
        if not asking.cancelled():
            asking.exception()  # looked at, for nobody may wait any more

    async def _look_for_cold(self, cart_id: str) -> None:
        """Return when cold answers for a cart again."""
        while True:
            await asyncio.sleep(jitter(LOOKING_SECONDS))
            with contextlib.suppress(StoreUnavailable):
                await self.cold.get(cart_id)
                return

    def _asleep_since(self, cart: Cart) -> int:
        """When a cart was changed last that hot has let go because its time was over; 0 for one that it has lost."""
        return cart.changed_at if cart.changed_at + self.hot.ttl <= now() else 0

    @override
    async def purge(self, limit: int) -> int:
        purged = await self.cold.purge(limit)
        self.purged += purged
        return purged

    async def _purge_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(jitter(self._purge_every, by=0.5))
            try:
                while await self.purge(PURGED_TOGETHER):
                    pass
            except StoreUnavailable as error:
                log.warning("Sleeping carts whose time is over could not be taken out. %s", error)


def _woken(cart: Cart, since: int) -> Cart:
    return msgspec.structs.replace(cart, woken=since) if since else cart

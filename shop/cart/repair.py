"""Gives a store back what it had acknowledged and then lost.

Redis acknowledges before its replicas and its disk have a change: a promoted replica, or a server that starts again,
can lack the latest ones. Two things are kept against that: the changes that were acknowledged in the last seconds,
which are applied again by their ids, exactly; and the near copies of carts, which are joined in where those do not
reach far enough back (the store came back empty).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Sequence

from shop.cart.memory import MemoryCartService
from shop.cart.model import REMEMBERED_CHANGES, Cart, Change, SetQuantity
from shop.cart.service import CartService, now
from shop.errors import CartLimitExceeded, QuantityLimitExceeded, StoreUnavailable

RECENT_SECONDS = 10.0
"""How long an acknowledged change is kept: longer than a replica that counts as in touch may lag behind."""
SAMPLE = 64
"""Near copies that are compared after a restart; if one of them is missing, all are compared."""
PASSES = 3
"""How often all near copies are compared until nothing is missing; a store that keeps losing carts is left alone."""
TOGETHER = 50

log = logging.getLogger(__name__)


class Recent:
    """The changes acknowledged within `seconds` before the latest one, by cart. All calls O(1), amortised."""

    def __init__(self, seconds: float = RECENT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._changes: OrderedDict[str, list[tuple[float, Change]]] = OrderedDict()

    def remember(self, cart_id: str, change: Change) -> None:
        """Note a change that the store has just acknowledged. While it is silent, nothing is forgotten."""
        now = self._clock()
        changes = self._changes.setdefault(cart_id, [])
        changes.append((now, change))
        self._changes.move_to_end(cart_id)
        if len(changes) >= REMEMBERED_CHANGES:
            del changes[: REMEMBERED_CHANGES // 2]
        oldest = next(iter(self._changes))
        if self._changes[oldest][-1][0] < now - self._seconds:
            del self._changes[oldest]

    def of(self, cart_id: str) -> list[Change]:
        """The changes of a cart, oldest first."""
        return [change for _, change in self._changes.get(cart_id, ())]

    def carts(self) -> list[str]:
        """The carts that were changed, the latest last."""
        return list(self._changes)

    def forget(self, cart_id: str) -> None:
        """The cart is no more."""
        self._changes.pop(cart_id, None)


class Repair:
    """Compares what `store` answers with the near copies in `near`, and gives it back what it lacks.

    Left alone are the carts in `replaying`: their near copies are ahead of the store, and it is on its way there.
    """

    def __init__(self, store: CartService, near: MemoryCartService, replaying: Container[str] = ()) -> None:
        self.recent = Recent()
        self.restored = 0
        """Carts that were given something back."""
        self._store = store
        self._near = near
        self._replaying = replaying
        self._epoch = store.epoch
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    async def check(self, near: Cart | None, stored: Cart) -> Cart:
        """The stored cart, after it was given what it lacks of a state that the store had acknowledged before."""
        if self._store.epoch != self._epoch:
            self.look_around()
        if near is None or stored.grew_from(near) or not self._should_live(near):
            return stored
        log.warning("The store lost changes that it had acknowledged; they are given back.")
        self.restored += 1
        self._lost = True
        self.look_around()
        return await self.give_back(near, stored)

    async def give_back(self, near: Cart, stored: Cart) -> Cart:
        """Make the stored cart have all that the near copy has: change by change if these are known, else joined."""
        if stored.grew_from(near):
            return stored
        missing = {change for change in near.change_ids if not stored.knows(change)}
        changes = [change for change in self.recent.of(near.id) if change.id in missing]
        if len(changes) < len(missing):
            newer = [change for change in self.recent.of(near.id) if stored.knows(change.id)]
            stored = await self._store.put(near)
            changes = [change for change in newer if not stored.knows(change.id)]
        for change in changes:
            stored = await self.apply_again(near.id, change)
        return stored

    async def apply_again(self, cart_id: str, change: Change) -> Cart:
        """Apply a change that was acknowledged once; where the store's cart is fuller, up to its limit."""
        try:
            return await self._store.apply(cart_id, change)
        except QuantityLimitExceeded as error:
            sku = getattr(change, "sku", "")
            return await self._store.apply(cart_id, SetQuantity(change.id, change.at, sku, error.limit))
        except CartLimitExceeded as error:
            log.error("A change that was acknowledged does not fit the stored cart: %s", error)  # noqa: TRY400
            return await self._store.get(cart_id)

    def look_around(self) -> None:
        """In the background, compare the carts changed lately with the store, and all if one has lost something."""
        if self._task is None or self._task.done():
            self._epoch = self._store.epoch
            self._task = asyncio.create_task(self._compare())

    async def close(self) -> None:
        """Stop comparing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _compare(self) -> None:
        try:
            lately = dict.fromkeys([*reversed(self.recent.carts()), *self._near.latest(SAMPLE)])
            await self._compare_all(lately)
            for _ in range(PASSES):
                if not self._lost:
                    return
                self._lost = False
                await self._compare_all(self._near.latest())
        except StoreUnavailable:
            self._lost = True  # the next look around, at the latest after the outage, compares them all

    async def _compare_all(self, cart_ids: Iterable[str]) -> None:
        ids = list(cart_ids)
        for first in range(0, len(ids), TOGETHER):
            await self._compare_some(ids[first : first + TOGETHER])

    async def _compare_some(self, cart_ids: Sequence[str]) -> None:
        settled = [cart_id for cart_id in cart_ids if cart_id not in self._replaying]
        near = [cart for cart_id in settled if (cart := self._near.glance(cart_id)) and self._should_live(cart)]
        for copy, stored in zip(near, await self._store.get_many([cart.id for cart in near]), strict=True):
            if not stored.grew_from(copy):
                self._lost = True
                self.restored += 1
                await self.give_back(copy, stored)

    def _should_live(self, cart: Cart) -> bool:
        """Whether the store cannot have let the cart expire; the margin is for clocks that differ."""
        ttl = self._store.ttl
        return cart.changed_at + ttl - min(ttl // 2, 5) > now()

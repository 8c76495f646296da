"""Writes carts behind: what a fast store answered is copied to a slow one soon after, many carts at a time.

Only the newest state of a cart waits, so a cart that is changed ten times in a second is written once. A state is
joined to what the slow store has, so neither a late writer nor another process sets a cart back. What cannot be
written is kept and tried again; nobody who changes a cart ever waits for it, or sees it fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from shop.cart.model import Cart, join
from shop.cart.service import CartService
from shop.errors import StoreUnavailable
from shop.retry import jitter

TOGETHER = 500
"""Carts of one batch."""
MOST_WAITING = 100_000
"""Carts that wait at most; one more drops the one that waits longest."""
MOST_KNOWN = 200_000
FIRST_RETRY_SECONDS = 0.1
LAST_RETRY_SECONDS = 5.0
CLOSING_SECONDS = 5.0

log = logging.getLogger(__name__)


class _Marked(msgspec.Struct):
    cart: Cart
    since: float
    """When the oldest change that waits was made, by the monotonic clock."""


class WriteBehind:
    """Copies carts from `hot` to `cold` at the latest `delay` seconds after they were marked.

    A cart that this process meets for the first time, or again after hot may have lost something, is compared first:
    what cold has of it and hot does not is joined in hot, where it adds up exactly.
    """

    def __init__(
        self, hot: CartService, cold: CartService, *, delay: float, most: int = MOST_WAITING, together: int = TOGETHER
    ) -> None:
        self.written = 0
        """Carts written."""
        self.dropped = 0
        """Carts that were not written because too many waited."""
        self._hot = hot
        self._cold = cold
        self._delay = delay
        self._most = most
        self._together = together
        self._marks: dict[str, _Marked] = {}
        self._writing: dict[str, _Marked] = {}
        self._gone: set[str] = set()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._epoch = hot.epoch
        self._at_once = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Carts that wait to be written or deleted."""
        return len(self._marks) + len(self._writing) + len(self._gone)

    @property
    def lag(self) -> float:
        """Seconds since the oldest change that is not written yet; 0 where all is written."""
        oldest = [next(iter(marks.values())).since for marks in (self._writing, self._marks) if marks]
        return time.monotonic() - min(oldest) if oldest else 0.0

    def mark(self, cart: Cart) -> None:
        """The cart is now this: have it written soon."""
        if not cart.revision:
            return
        if cart.partial or cart.woken:
            cart = msgspec.structs.replace(cart, partial=False, woken=0)
        marked = self._marks.get(cart.id)
        if marked is not None:
            marked.cart = join(marked.cart, cart, self._hot.limits)
            return
        self._marks[cart.id] = _Marked(cart, time.monotonic())
        if len(self._marks) > self._most:
            self._drop_oldest()
        self._go_on()

    def meet(self, cart: Cart) -> None:
        """Hot answered this cart: have it compared, unless it was since hot can have lost anything."""
        if not self.knows(cart.id):
            self.mark(cart)

    def knows(self, cart_id: str) -> bool:
        """Whether all that cold has of the cart is in hot."""
        if self._hot.epoch != self._epoch:
            self._epoch = self._hot.epoch
            self._known.clear()
        return cart_id in self._known

    def learn(self, cart_id: str) -> None:
        """All that cold has of the cart is in hot now."""
        self._known[cart_id] = None
        self._known.move_to_end(cart_id)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def unwritten(self, cart_id: str) -> Cart | None:
        """The state of a cart that cold may not have yet."""
        marked = self._marks.get(cart_id) or self._writing.get(cart_id)
        return marked.cart if marked else None

    def forget(self, cart_id: str) -> None:
        """The cart is no more: have it deleted at once, and nothing written of it that was marked before."""
        self._marks.pop(cart_id, None)
        self._writing.pop(cart_id, None)
        self._known.pop(cart_id, None)
        self._gone.add(cart_id)
        self._at_once.set()
        self._go_on()

    def is_gone(self, cart_id: str) -> bool:
        """Whether what cold has of the cart is of no account: it is to be deleted."""
        return cart_id in self._gone

    async def flush(self) -> None:
        """Write all that waits now. Raises StoreUnavailable; what is then not written still waits."""
        async with self._one_at_a_time:
            await self._delete()
            left = len(self._marks)
            while left > 0 and self._marks:
                left -= self._together
                await self._write_some()

    async def close(self) -> None:
        """Write what waits, as often as it has to be tried within a bounded time."""
        self._delay = 0.0
        self._at_once.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSING_SECONDS)
            self._task.cancel()
            await asyncio.wait([self._task])
        if self.waiting:
            log.error("Closing with %d carts that the archive never took.", self.waiting)

    def _go_on(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._until_written())

    async def _until_written(self) -> None:
        # Half of the time is for waiting, the other half for writing.
        retry, pause = FIRST_RETRY_SECONDS, self._delay / 2
        while self.waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._at_once.wait()
            self._at_once.clear()
            try:
                await self.flush()
            except Exception as error:
                if retry == FIRST_RETRY_SECONDS:
                    unforeseen = None if isinstance(error, StoreUnavailable) else error
                    log.log(
                        logging.ERROR, "Carts wait to be archived, and are tried again. %s", error, exc_info=unforeseen
                    )
                pause = jitter(retry)
                retry = min(retry * 2, LAST_RETRY_SECONDS)
            else:
                retry, pause = FIRST_RETRY_SECONDS, self._delay / 2

    async def _delete(self) -> None:
        gone = list(self._gone)
        for first in range(0, len(gone), self._together):
            batch = gone[first : first + self._together]
            await asyncio.gather(*map(self._cold.delete, batch))
            self._gone.difference_update(batch)

    async def _write_some(self) -> None:
        """Write the carts that have waited longest."""
        self._writing = {cart_id: self._marks.pop(cart_id) for cart_id in list(self._marks)[: self._together]}
        try:
            carts = await self._compared({cart_id: marked.cart for cart_id, marked in self._writing.items()})
            stored = await self._cold.put_many(carts, aged=True) if carts else []
            # Where cold knows more than hot did (another process wrote it), hot is told; mostly it knows by now.
            await self._tell_hot(now for cart, now in zip(carts, stored, strict=True) if not cart.grew_from(now))
            self.written += len(carts)
        except BaseException:
            self._take_back()
            raise
        finally:
            self._writing = {}

    async def _compared(self, carts: dict[str, Cart]) -> list[Cart]:
        """What is to be written, after hot was given what only cold has of carts that are met for the first time."""
        strangers = [cart_id for cart_id in carts if not self.knows(cart_id)]
        asleep = await self._cold.get_many(strangers) if strangers else []
        for joined in await self._tell_hot(cart for cart in asleep if not carts[cart.id].grew_from(cart)):
            carts[joined.id] = joined
        for cart_id in strangers:
            self.learn(cart_id)
        same = {cart.id for cart in asleep if cart.changes == carts[cart.id].changes}
        return [cart for cart in carts.values() if cart.id not in same]

    async def _tell_hot(self, carts: Iterable[Cart]) -> list[Cart]:
        return await self._hot.put_many([cart for cart in carts if cart.id not in self._gone])

    def _take_back(self) -> None:
        """What was not written waits again, before all that was marked meanwhile."""
        for cart_id, marked in self._writing.items():
            if (newer := self._marks.pop(cart_id, None)) is not None:
                marked.cart = join(marked.cart, newer.cart, self._hot.limits)
        self._marks = self._writing | self._marks
        while len(self._marks) > self._most:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._marks.pop(next(iter(self._marks)))
        if not self.dropped:
            log.error("More than %d carts wait to be archived: the oldest are left out of the archive.", self._most)
        self.dropped += 1

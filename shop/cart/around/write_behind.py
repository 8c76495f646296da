"""Write-behind: copies carts from a fast store to a slow one shortly after each change, in batches.

Only the latest state of a cart is queued, so a cart that changes ten times in a second is written once. A state is
joined with the one in the slow store, so neither a late write nor another process can revert a cart. A failed write is
retried; a caller that changes a cart never waits for it or sees it fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

import msgspec

from shop.cart.around.recent import Recent
from shop.cart.model import Cart, join
from shop.cart.service import CartService
from shop.errors import StoreUnavailable
from shop.retry import jitter

BATCH_SIZE = 500
"""Carts in one batch."""
MAX_BACKLOG = 100_000
"""Maximum queued carts; a further one drops the cart that has been queued longest."""
MAX_SYNCED = 200_000
"""How many carts are remembered as synced."""
FIRST_RETRY_SECONDS = 0.1
LAST_RETRY_SECONDS = 5.0
"""The pause before a retry doubles from the first to the last."""
CLOSE_SECONDS = 5.0
"""How long closing waits for queued carts to be written."""

log = logging.getLogger(__name__)


class _Pending(msgspec.Struct):
    cart: Cart
    since: float
    """When the oldest unwritten change was made, by the monotonic clock."""
    replaced: tuple[Cart, ...] = ()
    """States before it, oldest first, that lost as a whole to a diverged one: cold has to see each, in this order."""


class WriteBehind:
    """Copies carts from `hot` to `cold` at most `delay` seconds after they were queued. Made by TieredCartService.

    Before a cart is written for the first time, or for the first time after hot may have lost data, it is synced: the
    changes that only cold has are joined with the cart in hot, which is exact.
    """

    def __init__(
        self,
        hot: CartService,
        cold: CartService,
        *,
        delay: float,
        max_backlog: int = MAX_BACKLOG,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self.written = 0
        """Number of carts written."""
        self.dropped = 0
        """Number of carts that were dropped from the full queue."""
        self._hot = hot
        self._cold = cold
        self._delay = delay
        self._max_backlog = max_backlog
        self._batch_size = batch_size
        self._pending: dict[str, _Pending] = {}
        self._writing: dict[str, _Pending] = {}
        self._synced = Recent[bool](MAX_SYNCED)
        self._epoch = hot.epoch
        self._wake = asyncio.Event()
        self._flush_lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def backlog(self) -> int:
        """The number of carts that have to be written."""
        return len(self._pending) + len(self._writing)

    @property
    def lag(self) -> float:
        """The age in seconds of the oldest unwritten change; 0 if all are written."""
        oldest = [next(iter(queue.values())).since for queue in (self._writing, self._pending) if queue]
        return time.monotonic() - min(oldest) if oldest else 0.0

    def enqueue(self, cart: Cart, *, instead_of: Cart | None = None) -> None:
        """Queue the new state of a cart to be written.

        `instead_of`: the state before it, if that was replaced as a whole.
        """
        if not cart.revision:
            return
        if cart.partial or cart.idle_since:
            cart = msgspec.structs.replace(cart, partial=False, behind=False, idle_since=0)
        replaced = (instead_of,) if instead_of else ()
        pending = self._pending.get(cart.id)
        if pending is not None:
            pending.cart = join(pending.cart, cart, self._hot.limits)
            pending.replaced += replaced
            return
        self._pending[cart.id] = _Pending(cart, time.monotonic(), replaced)
        if len(self._pending) > self._max_backlog:
            self._drop_oldest()
        self._start_writing()

    def enqueue_unless_synced(self, cart: Cart) -> None:
        """Queue a cart that hot returned, unless it has been synced since hot last may have lost data."""
        if not self.is_synced(cart.id):
            self.enqueue(cart)

    def is_synced(self, cart_id: str) -> bool:
        """Whether hot is known to have everything that cold has of the cart."""
        if self._hot.epoch != self._epoch:
            self._epoch = self._hot.epoch
            self._synced.clear()
        return cart_id in self._synced

    def mark_synced(self, cart_id: str) -> None:
        """Record that hot now has everything that cold has of the cart."""
        self._synced[cart_id] = True

    def unwritten(self, cart_id: str) -> Cart | None:
        """The state of a cart that cold may not have yet; None if there is none."""
        pending = self._pending.get(cart_id) or self._writing.get(cart_id)
        return pending.cart if pending else None

    async def flush(self) -> None:
        """Write everything queued now. Raises StoreUnavailable; unwritten carts then stay in the queue."""
        async with self._flush_lock:
            left = len(self._pending)
            while left > 0 and self._pending:
                left -= self._batch_size
                await self._write_batch()

    async def close(self) -> None:
        """Write the queue, with retries, within CLOSE_SECONDS."""
        self._delay = 0.0
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSE_SECONDS)
            self._task.cancel()
            await asyncio.wait([self._task])
        if self.backlog:
            log.error("Closing: %d carts were never written to the archive.", self.backlog)

    def _start_writing(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_until_done())

    async def _write_until_done(self) -> None:
        # Wait for half of the delay; the other half is for writing.
        retry, pause = FIRST_RETRY_SECONDS, self._delay / 2
        while self.backlog:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except Exception as error:
                if retry == FIRST_RETRY_SECONDS:
                    unexpected = None if isinstance(error, StoreUnavailable) else error
                    log.log(
                        logging.ERROR,
                        "Carts could not be written to the archive, will retry: %s",
                        error,
                        exc_info=unexpected,
                    )
                pause = jitter(retry)
                retry = min(retry * 2, LAST_RETRY_SECONDS)
            else:
                retry, pause = FIRST_RETRY_SECONDS, self._delay / 2

    async def _write_batch(self) -> None:
        """Write the carts that have been queued longest."""
        self._writing = {cart_id: self._pending.pop(cart_id) for cart_id in list(self._pending)[: self._batch_size]}
        try:
            await self._write_replaced()
            carts = await self._sync_with_hot({cart_id: pending.cart for cart_id, pending in self._writing.items()})
            stored = await self._cold.put_many(carts, aged=True) if carts else []
            # If cold had more than hot (another process wrote it), update hot, which usually has it by now.
            ahead = [now for cart, now in zip(carts, stored, strict=True) if not cart.grew_from(now)]
            await self._hot.put_many(ahead)
            self.written += len(carts)
        except BaseException:
            self._requeue()
            raise
        finally:
            self._writing = {}

    async def _write_replaced(self) -> None:
        """Write the states that were replaced, each once: joined with a later state, one could come back."""
        for pending in self._writing.values():
            while pending.replaced:
                await self._cold.put(pending.replaced[0], aged=True)
                pending.replaced = pending.replaced[1:]

    async def _sync_with_hot(self, carts: dict[str, Cart]) -> list[Cart]:
        """Sync carts that are not synced yet. Returns the carts to write, without those that cold has already."""
        unsynced = [cart_id for cart_id in carts if not self.is_synced(cart_id)]
        archived = await self._cold.get_many(unsynced) if unsynced else []
        lacking = [cart for cart in archived if not carts[cart.id].grew_from(cart)]
        for joined in await self._hot.put_many(lacking):
            carts[joined.id] = joined
        for cart_id in unsynced:
            self.mark_synced(cart_id)
        same = {cart.id for cart in archived if cart.changes == carts[cart.id].changes}
        return [cart for cart in carts.values() if cart.id not in same]

    def _requeue(self) -> None:
        """Put the carts that were not written back at the head of the queue."""
        for cart_id, pending in self._writing.items():
            if (newer := self._pending.pop(cart_id, None)) is not None:
                pending.cart = join(pending.cart, newer.cart, self._hot.limits)
                pending.replaced += newer.replaced
        self._pending = self._writing | self._pending
        while len(self._pending) > self._max_backlog:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._pending.pop(next(iter(self._pending)))
        if not self.dropped:
            log.error("More than %d carts are waiting for the archive; dropping the oldest ones.", self._max_backlog)
        self.dropped += 1

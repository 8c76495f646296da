"""Migrates the carts of a running shop from one store to another.

A pass reads every cart of the old store, reads the same carts from the new one, and puts those that are missing or
outdated there. `put` joins by change ids: a cart that has changed in the new store is never overwritten, and carts that
are up to date cost one bulk read. So a pass can be interrupted and repeated at any time, each pass verifies the one
before, and a pass that copies nothing proves that the migration is complete. The old store is only read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from hashlib import blake2b

import msgspec

from shop.cart import codec
from shop.cart.model import Cart
from shop.cart.service import CartService
from shop.cart.stored import unreadable_in
from shop.errors import StoreUnavailable
from shop.retry import with_retries

BATCH_SIZE = 200
"""Carts in one batch."""
CONCURRENT_BATCHES = 4
"""Batches being copied at a time: these and one page of the scan are all that is in memory."""


class Pass(msgspec.Struct):
    """The counts of one pass, updated while it runs."""

    carts: int = 0
    """Carts read from the old store."""
    copied: int = 0
    """Carts that were missing or outdated in the new store, and were put there (or would have been)."""
    ahead: int = 0
    """Carts that have changed in the new store since they were copied."""
    renewed: int = 0
    """Copied carts whose last change is older than the new store's TTL; they get a whole new TTL."""
    unreadable: int = 0
    """Values in the old store that are no carts; they stay there."""
    old_sum: int = 0
    """The sum of the `checksum`s of the carts in the old store, modulo 2**64, which is independent of their order."""
    new_sum: int = 0
    """The same for these carts as they were in the new store when it was read."""


class Migration:
    """Copies the carts of `old` to `new`. `passes` has the counts of each pass, including an interrupted one.

    `rate` is the maximum number of carts per second, 0 for no limit. With `dry_run`, carts are only compared.
    `on_progress` is called after each batch.
    """

    def __init__(
        self,
        old: CartService,
        new: CartService,
        *,
        rate: float = 0,
        dry_run: bool = False,
    ) -> None:
        self.old = old
        self.new = new
        self.passes: list[Pass] = []
        self._rate = rate
        self._dry_run = dry_run
        self.on_progress: Callable[[], None] = lambda: None

    @property
    def copied(self) -> int:
        """The number of carts copied by all passes."""
        return sum(each.copied for each in self.passes)

    async def run_pass(self) -> Pass:
        """Compare all carts of the old store with the new one, and copy those that differ.

        Raises StoreUnavailable, whose message names the store that failed; run the pass again when it is back.
        """
        self.passes.append(Pass())
        room, unreadable = asyncio.Semaphore(CONCURRENT_BATCHES), unreadable_in(self.old)
        try:
            async with asyncio.TaskGroup() as copying:
                async for carts in self._paced():
                    await room.acquire()
                    copying.create_task(self._copy(carts)).add_done_callback(lambda _: room.release())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self.passes[-1].unreadable = unreadable_in(self.old) - unreadable
        return self.passes[-1]

    async def _paced(self) -> AsyncIterator[list[Cart]]:
        """The carts of the old store in batches, at most `rate` carts per second."""
        size = min(BATCH_SIZE, max(1, int(self._rate / 5))) if self._rate else BATCH_SIZE
        loop = asyncio.get_running_loop()
        started, read = loop.time(), 0
        try:
            async for carts in in_batches(self.old.scan(), size):
                if self._rate and (ahead_seconds := started + read / self._rate - loop.time()) > 0:
                    await asyncio.sleep(ahead_seconds)
                read += len(carts)
                yield carts
        except StoreUnavailable as error:
            raise type(error)(f"The old store failed. {error}") from error

    async def _copy(self, carts: Sequence[Cart]) -> None:
        """Put those of the carts that are missing or outdated in the new store."""
        try:
            there = await with_retries(lambda: self.new.get_many([cart.id for cart in carts]))
            missing = [old for old, new in zip(carts, there, strict=True) if not new.grew_from(old)]
            renewed = sum(older_than_ttl(cart, self.new) for cart in missing)
            if missing and not self._dry_run:
                await with_retries(lambda: put_moved(self.new, missing))
        except StoreUnavailable as error:
            raise type(error)(f"The new store failed. {error}") from error
        self._record(carts, there, missing, renewed)

    def _record(self, carts: Sequence[Cart], there: Sequence[Cart], missing: Sequence[Cart], renewed: int) -> None:
        found = self.passes[-1]
        for old, new in zip(carts, there, strict=True):
            found.old_sum = (found.old_sum + (sum_of_old := checksum(old))) % 2**64
            found.new_sum = (found.new_sum + (sum_of_old if new == old else checksum(new))) % 2**64
            if new != old and new.grew_from(old):
                found.ahead += 1
        found.carts += len(carts)
        found.copied += len(missing)
        found.renewed += renewed
        self.on_progress()


async def in_batches(carts: AsyncIterable[Cart], size: int = BATCH_SIZE) -> AsyncIterator[list[Cart]]:
    """The carts in lists of `size`; the last one may be shorter."""
    batch: list[Cart] = []
    async for cart in carts:
        batch.append(cart)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


async def scan_all(stores: Sequence[CartService]) -> AsyncIterator[Cart]:
    """Every cart of the stores. If several have states of one history, only the first store's state is returned."""
    for position, store in enumerate(stores):
        async for carts in in_batches(store.scan()):
            remaining = carts
            for earlier in stores[:position]:
                found = await earlier.get_many([cart.id for cart in remaining])
                remaining = [cart for cart, known in zip(remaining, found, strict=True) if not known.grew_from(cart)]
            for cart in remaining:
                yield cart


async def put_moved(store: CartService, carts: Sequence[Cart]) -> None:
    """Put carts from another store or a file, so that each keeps its remaining lifetime.

    A cart that is older than the TTL of this store, but not of the other one, gets a whole new TTL here.
    """
    await store.put_many([cart for cart in carts if not older_than_ttl(cart, store)], aged=True)
    await store.put_many([cart for cart in carts if older_than_ttl(cart, store)])


def older_than_ttl(cart: Cart, store: CartService) -> bool:
    """Whether the cart's last change is older than the TTL of this store."""
    return cart.changed_at + store.ttl <= store.now()


def checksum(cart: Cart) -> int:
    """A 64-bit hash of the id and the stored state of a cart; 0 for one that does not exist."""
    if not cart.revision:
        return 0
    data = cart.id.encode() + b"\x00" + codec.encode(cart)
    return int.from_bytes(blake2b(data, digest_size=8).digest())

"""Moves the carts of a running shop from one store to another.

A pass goes over every cart of the old store, asks the new one for them, and puts those that it does not have as far
as the old one does. Putting joins, by the ids of changes: a cart that was changed in the new store meanwhile is never
overwritten, and what is there already costs one bulk read. So a pass can be broken off and begun again at any time,
the next pass is the check of the last one, and a pass that finds nothing to put says that everything is there. The
old store is only read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from hashlib import blake2b

import msgspec

from shop.cart import codec
from shop.cart.model import Cart
from shop.cart.service import CartService, now
from shop.errors import StoreUnavailable
from shop.retry import with_retries

TOGETHER = 200
"""Carts of one batch."""
UNDER_WAY = 4
"""Batches on their way at once: these and the page of a scan are all that is in memory."""


class Pass(msgspec.Struct):
    """What one pass has found so far; it grows while the pass is under way."""

    carts: int = 0
    """Carts of the old store that were looked at."""
    copied: int = 0
    """Those that the new store did not have, or not as far: they were put (or would have been)."""
    ahead: int = 0
    """Those that have been changed in the new store since."""
    renewed: int = 0
    """Those of the copied whose last change is longer ago than the new store keeps carts; their time starts again."""
    old_sum: int = 0
    """The sum of the `checksum` of each cart in the old store, modulo 2**64: it does not depend on their order."""
    new_sum: int = 0
    """The same of these carts as the new store had them when it was asked."""


class Migration:
    """Carts of `old` on their way to `new`: `passes` says what each pass found, also of one that was broken off.

    `rate`: carts per second at most, 0 for no limit. `dry_run`: look, put nothing. `tell` is called
    after each batch.
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
        self.tell: Callable[[], None] = lambda: None

    @property
    def copied(self) -> int:
        """Carts put in all passes."""
        return sum(each.copied for each in self.passes)

    async def go_over(self) -> Pass:
        """Go over all carts of the old store once.

        Raises StoreUnavailable that says which store is away; begin again when it is back.
        """
        self.passes.append(Pass())
        room = asyncio.Semaphore(UNDER_WAY)
        try:
            async with asyncio.TaskGroup() as settling:
                async for carts in self._paced():
                    await room.acquire()
                    settling.create_task(self._settle(carts)).add_done_callback(lambda _: room.release())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return self.passes[-1]

    async def _paced(self) -> AsyncIterator[list[Cart]]:
        """The carts of the old store in batches, no more a second than the rate allows."""
        size = min(TOGETHER, max(1, int(self._rate / 5))) if self._rate else TOGETHER
        loop = asyncio.get_running_loop()
        begun, read = loop.time(), 0
        try:
            async for carts in in_batches(self.old.scan(), size):
                if self._rate and (early := begun + read / self._rate - loop.time()) > 0:
                    await asyncio.sleep(early)
                read += len(carts)
                yield carts
        except StoreUnavailable as error:
            raise type(error)(f"The old store does not go on. {error}") from error

    async def _settle(self, carts: Sequence[Cart]) -> None:
        """Put those of the carts that the new store does not have as they are, or grown from that."""
        try:
            there = await with_retries(lambda: self.new.get_many([cart.id for cart in carts]))
            behind = [old for old, new in zip(carts, there, strict=True) if not new.grew_from(old)]
            renewed = sum(outlived(cart, self.new) for cart in behind)
            if behind and not self._dry_run:
                await with_retries(lambda: keep(self.new, behind))
        except StoreUnavailable as error:
            raise type(error)(f"The new store takes nothing. {error}") from error
        self._note(carts, there, behind, renewed)

    def _note(self, carts: Sequence[Cart], there: Sequence[Cart], behind: Sequence[Cart], renewed: int) -> None:
        found = self.passes[-1]
        for old, new in zip(carts, there, strict=True):
            found.old_sum = (found.old_sum + (sum_of_old := checksum(old))) % 2**64
            found.new_sum = (found.new_sum + (sum_of_old if new == old else checksum(new))) % 2**64
            if new != old and new.grew_from(old):
                found.ahead += 1
        found.carts += len(carts)
        found.copied += len(behind)
        found.renewed += renewed
        self.tell()


async def in_batches(carts: AsyncIterable[Cart], size: int = TOGETHER) -> AsyncIterator[list[Cart]]:
    """The carts in lists of `size`; the last one may be shorter."""
    batch: list[Cart] = []
    async for cart in carts:
        batch.append(cart)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


async def everything(stores: Sequence[CartService]) -> AsyncIterator[Cart]:
    """Every cart of the stores; one that several hold in one history is told once, as the first of them has it."""
    for place, store in enumerate(stores):
        async for carts in in_batches(store.scan()):
            fresh = carts
            for earlier in stores[:place]:
                there = await earlier.get_many([cart.id for cart in fresh])
                fresh = [cart for cart, told in zip(fresh, there, strict=True) if not told.grew_from(cart)]
            for cart in fresh:
                yield cart


async def keep(store: CartService, carts: Sequence[Cart]) -> None:
    """Put carts that come from elsewhere, so that each lives as long as it still had to.

    One that this store would have forgotten by its age, but the other place had not, gets a whole life here.
    """
    await store.put_many([cart for cart in carts if not outlived(cart, store)], aged=True)
    await store.put_many([cart for cart in carts if outlived(cart, store)])


def outlived(cart: Cart, store: CartService) -> bool:
    """Whether the cart's last change is longer ago than this store keeps carts."""
    return cart.changed_at + store.ttl <= now()


def checksum(cart: Cart) -> int:
    """64 bits that stand for the id and all that is stored of a cart; 0 for one that is not there."""
    if not cart.revision:
        return 0
    data = cart.id.encode() + b"\x00" + codec.encode(cart)
    return int.from_bytes(blake2b(data, digest_size=8).digest())

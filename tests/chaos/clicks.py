"""Shoppers who keep clicking while a test breaks the servers under them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence

from shop.cart.around.failover import FailoverCartService
from shop.money import Money
from tests.fixtures.cart_services import past_the_shop

EUR = Money(1900, "EUR")
SHOPPERS = 12


class Clicks:
    """Shoppers who keep adding, and what was acknowledged to them."""

    def __init__(self, carts: FailoverCartService, shoppers: Sequence[str] = ()) -> None:
        self.carts = carts
        self.shoppers = shoppers or [f"shopper-{n}" for n in range(SHOPPERS)]
        self.acknowledged: Counter[tuple[str, str]] = Counter()
        self.slowest = 0.0
        """Seconds that the slowest add took."""
        self._open = True

    async def __aenter__(self) -> Clicks:
        self._tasks = [asyncio.create_task(self._shop(cart_id)) for cart_id in self.shoppers]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await asyncio.gather(*self._tasks)

    async def more(self, clicks: int) -> None:
        """Return after so many more adds."""
        goal = self.acknowledged.total() + clicks
        await until(lambda: self.acknowledged.total() >= goal)

    async def are_stored_once(self, url: str) -> None:
        """Hold what the store at this URL has, read past the failover, against what was acknowledged."""
        await recovered(self.carts)
        found: Counter[tuple[str, str]] = Counter()
        async with past_the_shop(url, limits=self.carts.limits, ttl=self.carts.ttl) as plain:
            for cart in await plain.get_many(self.shoppers):
                found.update({(cart.id, line.sku): line.quantity for line in cart.lines})
        assert found == self.acknowledged

    async def _shop(self, cart_id: str) -> None:
        seen = 0
        while self._open:
            sku = f"sku-{seen % 3}"
            started = time.monotonic()
            cart = await self.carts.add(cart_id, sku, 1, EUR)
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.acknowledged[cart_id, sku] += 1
            seen += 1
            assert cart.quantity == seen, "a change that was acknowledged is missing, or one is there twice"
            if seen % 5 == 0:
                assert (await self.carts.get(cart_id)).quantity == seen
            await asyncio.sleep(0.005)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def recovered(carts: FailoverCartService) -> None:
    """Wait until the store has everything."""
    await until(lambda: not carts.standby_active and not carts.backlog)

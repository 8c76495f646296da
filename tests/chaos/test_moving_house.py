"""A shop moves from memory to Redis, to a cluster and to Redis with an archive, and people click all the while."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from shop.cart.model import Cart
from shop.web.http.session import cart_id
from tests.fixtures.cart_services import past_the_shop
from tests.fixtures.shop_process import OpenShop, ShopProcess

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
ALWAYS = ("mug", "bowl", "cup")
ROLLING = tuple(f"thing-{n:02}" for n in range(60))
PRICES = dict.fromkeys((*ALWAYS, *ROLLING), 1000)
CLICKS = 60
"""Acknowledged adds in each house, and on each road."""


class Shopper:
    """One person who adds things at whichever shop the load balancer says, and notes what was acknowledged."""

    def __init__(self, number: int) -> None:
        self.client = httpx.AsyncClient(timeout=10)
        self.acknowledged: Counter[str] = Counter()
        self.random = random.Random(number)
        self.new_things = list(ROLLING)

    @property
    def cart_id(self) -> str:
        return cart_id(self.client.cookies["neap_session"])

    async def adds(self, shop: ShopProcess, thing: str) -> None:
        reply = await self.client.post(f"{shop.url}/cart", data={"product_id": thing}, headers=HTMX)
        assert reply.is_success, f"{reply.status_code} {reply.text[:300]}"
        self.acknowledged[thing] += 1


class Wanderer(Shopper):
    """Is sent to any shop that is open, by chance, and adds something else each time while there are two."""

    async def clicks(self, shops: Sequence[ShopProcess]) -> None:
        thing = self.random.choice(ALWAYS) if len(shops) == 1 else self.new_things.pop()
        await self.adds(self.random.choice(shops), thing)


class Regular(Shopper):
    """Is sent to the shop where they were before, as long as it is open."""

    async def clicks(self, shops: Sequence[ShopProcess]) -> None:
        await self.adds(shops[0], self.random.choice(ALWAYS))


class Street:
    """The shoppers, and the shops that are open to them; the oldest first."""

    def __init__(self) -> None:
        self.shoppers: list[Shopper] = [kind(number) for number in range(3) for kind in (Wanderer, Regular)]
        self.open: list[ShopProcess] = []

    @property
    def clicks(self) -> int:
        return sum(shopper.acknowledged.total() for shopper in self.shoppers)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Everybody clicks until the end of the block, and all are answered."""
        done = asyncio.Event()

        async def shop(shopper: Wanderer | Regular) -> None:
            while not done.is_set():
                await shopper.clicks(list(self.open))
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as tasks:
            for shopper in self.shoppers:
                assert isinstance(shopper, Wanderer | Regular)
                tasks.create_task(shop(shopper))
            yield
            done.set()

    async def more(self, clicks: int = CLICKS) -> None:
        goal = self.clicks + clicks
        await until(lambda: self.clicks >= goal)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def carts_in(url: str, street: Street) -> list[Cart]:
    async with past_the_shop(url, ttl=10**7) as store:
        return await store.get_many([shopper.cart_id for shopper in street.shoppers])


def pieces(carts: Sequence[Cart]) -> list[Counter[str]]:
    return [Counter({line.sku: line.quantity for line in cart.lines}) for cart in carts]


async def test_nothing_is_lost_on_the_way(
    open_shop: OpenShop, valkey_url: str, cluster_url: str, tmp_path: Path
) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'house.db'}"
    street = Street()

    async def opens(**settings: str) -> ShopProcess:
        given = {"DATABASE_URL": database, "CART_MAX_QUANTITY": "5000", **settings}
        sold = None if street.open or street.clicks else PRICES
        return await asyncio.to_thread(open_shop, sold, **given)

    async def closes(shop: ShopProcess) -> None:
        await asyncio.to_thread(shop.stop)

    in_memory = await opens(CART_ARCHIVE="on", CART_ARCHIVE_DELAY="60")
    street.open = [in_memory]
    async with street.busy():
        await street.more()
    await closes(in_memory)
    acknowledged = [shopper.acknowledged for shopper in street.shoppers]
    assert pieces(await carts_in(database, street)) == acknowledged

    on_redis = await opens(REDIS_URL=valkey_url, CART_ARCHIVE="on")
    street.open = [on_redis]
    async with street.busy():
        await street.more()
        assert pieces(await carts_in(valkey_url, street)) != [Counter()] * len(street.shoppers)
        on_cluster = await opens(REDIS_URL=cluster_url, CART_MOVE_FROM=valkey_url)
        street.open = [on_redis, on_cluster]
        await street.more()
        street.open = [on_cluster]
        await street.more()
    await closes(on_redis)
    assert pieces(await carts_in(cluster_url, street)) == acknowledged

    hybrid = await opens(REDIS_URL=cluster_url, CART_ARCHIVE="on")
    street.open = [on_cluster, hybrid]
    async with street.busy():
        await street.more()
        street.open = [hybrid]
        await street.more()
    await closes(on_cluster)
    await closes(hybrid)
    assert pieces(await carts_in(cluster_url, street)) == acknowledged
    assert pieces(await carts_in(database, street)) == acknowledged
    for shopper in street.shoppers:
        await shopper.client.aclose()

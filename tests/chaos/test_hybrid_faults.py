"""Redis for live carts and an archive behind it: what is lost when a server, the shop or both are killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from operator import ge

import httpx
import pytest

from shop.cart.model import Cart
from shop.cart.redis.service import KEY_PREFIX
from shop.demo.valkey import Valkey
from shop.web.http.session import cart_id
from tests.chaos.load import PRODUCTS, Crowd, Outcome
from tests.chaos.verdict import lines_in, metric
from tests.fixtures.cart_services import past_the_shop
from tests.fixtures.shop_process import OpenShop, ShopProcess

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
SHOPPERS = 6
LIMIT = "5000"


class Shopper:
    """One person who adds the same thing again and again, and counts what was acknowledged."""

    def __init__(self, shop: ShopProcess) -> None:
        self.client = httpx.AsyncClient(base_url=shop.url, timeout=10)
        self.sent = 0
        self.acknowledged = 0

    @property
    def cart_id(self) -> str:
        return cart_id(self.client.cookies["neap_session"])

    async def adds(self, thing: str = "always-mug") -> None:
        self.sent += 1
        reply = await self.client.post("/cart", data={"product_id": thing}, headers=HTMX)
        assert reply.is_success, reply.text
        self.acknowledged += 1


ComesIn = Callable[[ShopProcess], Shopper]


@pytest.fixture
async def comes_in() -> AsyncIterator[ComesIn]:
    """Somebody new in a shop; all of them leave at the end."""
    async with AsyncExitStack() as leaving:

        def come_in(shop: ShopProcess) -> Shopper:
            shopper = Shopper(shop)
            leaving.push_async_callback(shopper.client.aclose)
            return shopper

        yield come_in


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def archived(shop: ShopProcess, *cart_ids: str) -> list[Cart]:
    """Carts as the archive has them, read past the shop."""
    async with past_the_shop(shop.environ["DATABASE_URL"], ttl=10**7) as archive:
        return await archive.get_many(cart_ids)


async def pieces_archived(shop: ShopProcess, shoppers: Sequence[Shopper]) -> list[int]:
    """The quantity of each shopper's cart in the archive."""
    return [cart.quantity for cart in await archived(shop, *(shopper.cart_id for shopper in shoppers))]


async def test_redis_killed_with_all_its_data_loses_nothing(valkey: Valkey, open_shop: OpenShop) -> None:
    shop = open_shop(products=PRODUCTS, REDIS_URL=valkey.url, CART_ARCHIVE="on", CART_MAX_QUANTITY=LIMIT)
    async with Crowd(("127.0.0.1", shop.port)) as crowd:
        for _ in range(2):
            await crowd.goes_on(seconds=0.5, changes=60)
            assert valkey.client().dbsize(), "there was something in it"
            await asyncio.to_thread(valkey.restart_empty)
        await crowd.goes_on(seconds=0.5, changes=60)
    visits = crowd.visits
    async with asyncio.timeout(20):
        while await metric(shop.port, "shop_carts_to_archive"):
            await asyncio.sleep(0.02)
    for visit, cart in zip(visits, await archived(shop, *(cart_id(visit.session) for visit in visits)), strict=True):
        assert lines_in(cart) == visit.history.lines
    for shopper in crowd.shoppers:
        await shopper.looks_again()
    assert [visit.history.verdict.words for visit in visits if visit.history.verdict.words] == []
    assert {request.outcome for request in crowd.requests} == {Outcome.ANSWERED}


async def test_shop_and_redis_killed_together_lose_only_what_is_not_archived(
    valkey: Valkey, open_shop: OpenShop, comes_in: ComesIn
) -> None:
    settings = {"REDIS_URL": valkey.url, "CART_ARCHIVE": "on", "CART_ARCHIVE_DELAY": "3"}
    shop = open_shop(products=PRODUCTS, CART_MAX_QUANTITY=LIMIT, **settings)
    shoppers = [comes_in(shop) for _ in range(SHOPPERS)]

    async def click(shopper: Shopper) -> None:
        while True:
            await shopper.adds()

    clicking = [asyncio.create_task(click(shopper)) for shopper in shoppers]
    await until(lambda: all(shopper.acknowledged for shopper in shoppers))
    before = [shopper.acknowledged for shopper in shoppers]
    async with asyncio.timeout(20):
        while not all(map(ge, await pieces_archived(shop, shoppers), before)):
            await asyncio.sleep(0.02)
    after = sum(shopper.acknowledged for shopper in shoppers)
    await until(lambda: sum(shopper.acknowledged for shopper in shoppers) > after + SHOPPERS)
    shop.process.kill()
    valkey.kill()
    await asyncio.gather(*clicking, return_exceptions=True)
    await asyncio.to_thread(shop.process.wait)
    valkey.start()
    shop.start()

    lost = 0
    for shopper, kept in zip(shoppers, before, strict=True):
        found = (await shopper.client.get("/cart")).cookies.get("cart_count") or shopper.client.cookies["cart_count"]
        assert 0 < kept <= int(found) <= shopper.sent
        lost += shopper.acknowledged - int(found)
    print(f"{lost} of {sum(shopper.acknowledged for shopper in shoppers)} acknowledged adds lost")
    assert lost > 0, "both really lost what they had: else this shows nothing"


async def test_two_shops_agree_while_redis_is_gone(valkey: Valkey, open_shop: OpenShop, comes_in: ComesIn) -> None:
    """Each has a standby of its own; a shopper whose clicks go to both by turns must not notice."""
    settings = {"REDIS_URL": valkey.url, "CART_ARCHIVE": "on", "CART_ARCHIVE_DELAY": "0.1", "CART_MAX_QUANTITY": LIMIT}
    settings["SECRET_KEY"] = "the key of both, which is long enough"
    first = open_shop(products=PRODUCTS, **settings)
    shops = [first, open_shop(**settings, DATABASE_URL=first.environ["DATABASE_URL"])]
    shopper = comes_in(first)
    await shopper.adds()
    cookies = dict(shopper.client.cookies)

    async def adds(turn: int) -> int:
        async with httpx.AsyncClient(base_url=shops[turn % 2].url, timeout=10, cookies=cookies) as client:
            reply = await client.post("/cart", data={"product_id": "always-mug"}, headers=HTMX)
            assert reply.is_success
            cookies.update(reply.cookies)
            return int(cookies["cart_count"])

    assert await adds(1) == 2
    async with asyncio.timeout(20):
        while (await archived(first, shopper.cart_id))[0].quantity < 2:
            await asyncio.sleep(0.02)
    valkey.kill()
    assert [await adds(turn) for turn in range(10)] == list(range(3, 13)), "each shop sees what the other was told"
    assert [await metric(shop.port, "shop_cart_standby_in_charge") for shop in shops] == [1, 1]
    shops[0].process.kill()
    await asyncio.to_thread(shops[0].process.wait)
    assert await adds(1) == 13, "what the killed shop was told during the outage is still there"
    valkey.start()
    async with asyncio.timeout(20):
        while await metric(shops[1].port, "shop_cart_changes_waiting"):
            await asyncio.sleep(0.02)
    assert await adds(1) == 14
    (cart,) = await archived(shops[1], shopper.cart_id)
    assert cart.quantity >= 13


async def test_sigterm_writes_what_waits(valkey: Valkey, open_shop: OpenShop, comes_in: ComesIn) -> None:
    shop = open_shop(products=PRODUCTS, REDIS_URL=valkey.url, CART_ARCHIVE="on", CART_ARCHIVE_DELAY="60")
    shoppers = [comes_in(shop) for _ in range(SHOPPERS)]
    for shopper in shoppers:
        await shopper.adds()
        await shopper.adds("always-cup")
    ids = [shopper.cart_id for shopper in shoppers]
    assert not any(cart.revision for cart in await archived(shop, *ids))
    await asyncio.to_thread(shop.stop)
    found = await archived(shop, *ids)
    assert [Counter(line.sku for line in cart.lines) for cart in found] == [Counter(["always-mug", "always-cup"])] * 6


async def test_a_cart_sleeps_when_its_time_is_over_and_wakes(
    valkey: Valkey, open_shop: OpenShop, comes_in: ComesIn
) -> None:
    settings = {"CART_ARCHIVE": "on", "CART_TTL": "3", "CART_ARCHIVE_DELAY": "0.1"}
    shop = open_shop(products=PRODUCTS, REDIS_URL=valkey.url, **settings)
    shopper = comes_in(shop)
    await shopper.adds()
    key = KEY_PREFIX + shopper.cart_id
    assert valkey.client().exists(key)
    await until(lambda: not valkey.client().exists(key))
    page = (await shopper.client.get("/cart")).text
    assert "Welcome back" in page
    assert "/product/always-mug" in page
    assert await metric(shop.port, "shop_carts_woken_total") == 1

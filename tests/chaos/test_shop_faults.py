"""People click in a running shop while its Redis is killed, hung and emptied: no error, no click lost."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from shop.cart.redis import RedisCartService
from shop.demo.valkey import Valkey
from shop.web.session import cart_id
from tests.fixtures.shop_process import OpenShop, ShopProcess

PRICES = {"always-mug": 1900, "always-bowl": 2900, "always-vase": 3900, **{f"thing-{n:02}": 100 + n for n in range(20)}}
THINGS = ("always-mug", "always-bowl", "always-vase")
SHOPPERS = 8
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


class Shopper:
    """One person with a browser's cookies, who adds things and notes what the shop acknowledged."""

    def __init__(self, shop: ShopProcess) -> None:
        self.client = httpx.AsyncClient(base_url=shop.url, timeout=10)
        self.acknowledged: Counter[str] = Counter()
        self.refused: list[str] = []

    async def adds(self, thing: str) -> None:
        reply = await self.client.post("/cart", data={"product_id": thing}, headers=HTMX)
        if not reply.is_success:
            self.refused.append(f"{reply.status_code} {reply.text[:300]}")
            return
        self.acknowledged[thing] += 1
        shown = int(self.client.cookies["cart_count"])
        assert shown == self.acknowledged.total(), "the reply to an acknowledged change does not show it"

    async def looks(self) -> None:
        reply = await self.client.get("/cart")
        if not reply.is_success:
            self.refused.append(f"{reply.status_code} {reply.text[:300]}")
        for thing in self.acknowledged:
            assert f"/product/{thing}" in reply.text, "an acknowledged change is missing from the cart page"

    async def stored(self, valkey: Valkey) -> Counter[str]:
        """The cart as the server itself holds it."""
        plain = RedisCartService.connect(valkey.url)
        cart = await plain.get(cart_id(self.client.cookies["session"]))
        await plain.close()
        return Counter({line.sku: line.quantity for line in cart.lines})


class Crowd:
    """Shoppers who keep clicking until the end of the block."""

    def __init__(self, shop: ShopProcess) -> None:
        self.shop = shop
        self.shoppers = [Shopper(shop) for _ in range(SHOPPERS)]
        self._open = True

    async def __aenter__(self) -> Crowd:
        self._tasks = [asyncio.create_task(self._click(shopper)) for shopper in self.shoppers]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await asyncio.gather(*self._tasks)

    async def _click(self, shopper: Shopper) -> None:
        while self._open:
            for thing in THINGS:
                await shopper.adds(thing)
            await shopper.looks()
            await asyncio.sleep(0.01)

    async def makes(self, clicks: int) -> None:
        goal = self.clicks + clicks
        await until(lambda: self.clicks >= goal)

    @property
    def clicks(self) -> int:
        return sum(shopper.acknowledged.total() for shopper in self.shoppers)

    async def found_everything_once(self, valkey: Valkey) -> None:
        assert [words for shopper in self.shoppers for words in shopper.refused] == []
        await until_recovered(self.shop)
        for shopper in self.shoppers:
            assert await shopper.stored(valkey) == shopper.acknowledged
            await shopper.client.aclose()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def metric(shop: ShopProcess, name: str) -> float:
    async with httpx.AsyncClient(base_url=shop.url) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name + " ")))


async def until_recovered(shop: ShopProcess) -> None:
    async with asyncio.timeout(20):
        while await metric(shop, "shop_cart_standby_in_charge") or await metric(shop, "shop_cart_changes_waiting"):
            await asyncio.sleep(0.05)


async def until_away(shop: ShopProcess) -> None:
    async with asyncio.timeout(20):
        while not await metric(shop, "shop_cart_standby_in_charge"):
            await asyncio.sleep(0.02)


@pytest.fixture
async def shop(valkey: Valkey, open_shop: OpenShop) -> ShopProcess:
    return open_shop(products=PRICES, REDIS_URL=valkey.url, CART_MAX_QUANTITY="5000")


async def test_killed_and_restarted_empty(shop: ShopProcess, valkey: Valkey) -> None:
    async with Crowd(shop) as crowd:
        await crowd.makes(200)
        for _ in range(2):
            valkey.kill()
            await until_away(shop)
            await crowd.makes(200)
            valkey.start()
            await crowd.makes(200)
            await until_recovered(shop)
    assert await metric(shop, "shop_cart_changes_replayed_total") > 0
    await crowd.found_everything_once(valkey)


async def test_hung(shop: ShopProcess, valkey: Valkey) -> None:
    async with Crowd(shop) as crowd:
        await crowd.makes(200)
        valkey.hang()
        await until_away(shop)
        await crowd.makes(300)
        valkey.resume()
        await until_recovered(shop)
        await crowd.makes(200)
    assert await metric(shop, "shop_cart_changes_replayed_total") > 0
    await crowd.found_everything_once(valkey)


async def test_emptied(shop: ShopProcess, valkey: Valkey) -> None:
    async with Crowd(shop) as crowd:
        for _ in range(3):
            await crowd.makes(200)
            valkey.client().flushall()
        await crowd.makes(100)
    assert await metric(shop, "shop_carts_restored_total") > 0
    await crowd.found_everything_once(valkey)


async def test_down_at_boot(valkey: Valkey, open_shop: OpenShop) -> None:
    valkey.kill()
    shop = open_shop(REDIS_URL=valkey.url)
    assert shop.log.read_text().count("cannot be reached: nothing listens there") == 1, "it is said, and once"
    shopper = Shopper(shop)
    await shopper.adds("cove-teapot")
    assert shopper.refused == []
    valkey.start()
    await until_recovered(shop)
    assert (await shopper.stored(valkey)).total() == 1
    await shopper.client.aclose()


async def test_a_thousand_concurrent_adds_to_one_cart(shop: ShopProcess, valkey: Valkey) -> None:
    things = [f"thing-{n:02}" for n in range(20)]
    shopper = Shopper(shop)
    await shopper.adds(things[0])
    to_add = [things[n % 20] for n in range(1000)]
    statuses: Counter[int] = Counter()

    async def lane() -> None:
        async with httpx.AsyncClient(base_url=shop.url, cookies=shopper.client.cookies, timeout=30) as client:
            while to_add:
                reply = await client.post("/cart", data={"product_id": to_add.pop()})
                statuses[reply.status_code] += 1

    await asyncio.gather(*(lane() for _ in range(50)))
    assert statuses == {303: 1000}
    await until_recovered(shop)
    expected = Counter(things[n % 20] for n in range(1000)) + Counter([things[0]])
    assert await shopper.stored(valkey) == expected
    await shopper.client.aclose()


async def test_two_workers_and_two_shops_share_one_redis(valkey: Valkey, open_shop: OpenShop) -> None:
    required = {"REDIS_URL": valkey.url, "CART_REQUIRE_STORE": "on"}
    shops = [open_shop(products=PRICES, WORKERS=workers, **required) for workers in ("2", "1")]
    for shop in shops:
        assert shop.log.read_text().count("REDIS_URL: It saves nothing") == 1, "not once for each worker"
    shopper = Shopper(shops[0])
    await shopper.adds(THINGS[0])
    cookies = dict(shopper.client.cookies)

    async def add(shop: ShopProcess) -> int:
        async with httpx.AsyncClient(base_url=shop.url, cookies=cookies) as client:
            return (await client.post("/cart", data={"product_id": THINGS[0]})).status_code

    statuses = await asyncio.gather(*(add(shops[n % 2]) for n in range(10)))
    assert statuses == [303] * 10
    assert (await shopper.stored(valkey)).total() == 11
    await shopper.client.aclose()


async def test_sigterm_under_load_keeps_what_was_acknowledged(shop: ShopProcess, valkey: Valkey) -> None:
    shoppers = [Shopper(shop) for _ in range(SHOPPERS)]
    unanswered: Counter[int] = Counter()

    async def click(n: int) -> None:
        with contextlib.suppress(httpx.ConnectError):
            while True:
                unanswered[n] = 1
                await shoppers[n].adds(THINGS[0])
                unanswered[n] = 0

    clicking = [asyncio.create_task(click(n)) for n in range(SHOPPERS)]
    await until(lambda: sum(shopper.acknowledged.total() for shopper in shoppers) > 200)
    assert await asyncio.to_thread(shop.stop) in (0, -signal.SIGTERM)
    await asyncio.gather(*clicking, return_exceptions=True)
    assert "Traceback" not in shop.log.read_text()
    for n, shopper in enumerate(shoppers):
        acknowledged = shopper.acknowledged.total()
        assert shopper.refused == []
        assert acknowledged <= (await shopper.stored(valkey)).total() <= acknowledged + unanswered[n]
        await shopper.client.aclose()

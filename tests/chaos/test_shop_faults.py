"""What concerns a whole shop and is no fault under load: those are the rows of test_faults.py."""

from __future__ import annotations

import asyncio
from collections import Counter

from shop.demo.valkey import Valkey
from shop.web.http.session import NAME, cart_id
from tests.chaos.browser import Tab
from tests.chaos.verdict import recovered
from tests.fixtures.cart_services import past_the_shop
from tests.fixtures.shop_process import OpenShop, ShopProcess

THINGS = tuple(f"thing-{n:02}" for n in range(20))
PRICES = {thing: 100 + n for n, thing in enumerate(THINGS)}


async def stored(valkey: Valkey, cookies: dict[str, str]) -> Counter[str]:
    """The cart of a session, as the server itself holds it."""
    async with past_the_shop(valkey.url) as plain:
        cart = await plain.get(cart_id(cookies[NAME]))
    return Counter({line.sku: line.quantity for line in cart.lines})


async def session_of(shop: ShopProcess, thing: str) -> dict[str, str]:
    """The cookies of somebody who has added one thing."""
    tab = Tab(shop.port, {})
    assert (await tab.post("/cart", {"product_id": thing})).status == 303
    tab.close()
    return tab.cookies


async def adds(shop: ShopProcess, cookies: dict[str, str], to_add: list[str]) -> Counter[int]:
    """Add things, over one connection, until there are none left to add; returns the statuses of the answers."""
    tab = Tab(shop.port, dict(cookies))
    statuses: Counter[int] = Counter()
    while to_add:
        statuses[(await tab.post("/cart", {"product_id": to_add.pop()})).status] += 1
    tab.close()
    return statuses


async def test_down_at_boot(valkey: Valkey, open_shop: OpenShop) -> None:
    valkey.kill()
    shop = open_shop(products=PRICES, REDIS_URL=valkey.url)
    assert "Redis" in shop.log.read_text()
    assert "cannot be reached" in shop.log.read_text()
    cookies = await session_of(shop, THINGS[0])
    valkey.start()
    await recovered(("127.0.0.1", shop.port))
    assert await stored(valkey, cookies) == Counter([THINGS[0]])


async def test_a_thousand_concurrent_adds_to_one_cart(valkey: Valkey, open_shop: OpenShop) -> None:
    shop = open_shop(products=PRICES, REDIS_URL=valkey.url)
    cookies = await session_of(shop, THINGS[0])
    to_add = [THINGS[n % 20] for n in range(1000)]
    expected = Counter([THINGS[0], *to_add])
    answers = await asyncio.gather(*(adds(shop, cookies, to_add) for _ in range(50)))
    assert sum(answers, Counter()) == {303: 1000}
    await recovered(("127.0.0.1", shop.port))
    assert await stored(valkey, cookies) == expected


async def test_two_workers_and_two_shops_share_one_redis(valkey: Valkey, open_shop: OpenShop) -> None:
    shops = [open_shop(products=PRICES, REDIS_URL=valkey.url, WORKERS=workers) for workers in ("2", "1")]
    cookies = await session_of(shops[0], THINGS[0])
    answers = await asyncio.gather(*(adds(shops[n % 2], cookies, [THINGS[0]]) for n in range(10)))
    assert sum(answers, Counter()) == {303: 10}
    assert await stored(valkey, cookies) == {THINGS[0]: 11}

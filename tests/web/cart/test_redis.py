"""The shop with its carts in a real Valkey server, set by REDIS_URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shop.cart.model import Cart
from shop.demo.valkey import Valkey
from shop.settings import Settings
from tests.fixtures.cart_services import past_the_shop
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client, MakeClient


@pytest.fixture
async def shop(make_client: MakeClient, valkey_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(
        redis_url=valkey_url, redis_patience=10, database_url=f"sqlite+aiosqlite:///{tmp_path}/never-opened.db"
    )
    catalog = FixedCatalog(*(product(f"p{number}", stock=None) for number in range(50)))
    async with make_client(carts=None, settings=settings, catalog=catalog) as client:
        yield client


def carts_in(server: Valkey) -> list[bytes]:
    with server.client() as client:
        return list(client.scan_iter("cart:*"))


async def test_a_thousand_adds_a_hundred_at_a_time_lose_none(shop: Client, shared_valkey: Valkey) -> None:
    await shop.post("/cart", data={"product_id": "p0"})
    at_once = asyncio.Semaphore(100)

    async def add(number: int) -> int:
        async with at_once:
            reply = await shop.post("/cart", data={"product_id": f"p{number % 50}"}, headers=HTMX)
            return reply.status_code

    assert set(await asyncio.gather(*map(add, range(1000)))) == {200}

    text = (await shop.get("/cart")).text
    assert 'class="badge">1001<' in text
    assert text.count("data-line") == 50
    assert len(carts_in(shared_valkey)) == 1


async def test_every_change_works_as_in_memory(shop: Client) -> None:
    await shop.post("/cart", data={"product_id": "p1", "quantity": "3"})
    for path, form, badge in (
        ("/cart/lines/P1", {"quantity": "5"}, "5"),
        ("/cart/lines/P1/save", {}, ""),
        ("/cart/saved/P1/move", {}, "5"),
        ("/cart/lines/P1/remove", {}, ""),
    ):
        reply = await shop.post(path, data=form, headers=HTMX)
        assert reply.status_code == 200
        assert f'id="cart-badge" class="badge">{badge}<' in reply.text

    undo = reply.text.partition('name="of" value="')[2].partition('"')[0]
    reply = await shop.post("/cart/undo", data={"of": undo}, headers=HTMX)
    assert 'id="cart-badge" class="badge">5<' in reply.text
    assert 'class="badge"><' in (await shop.post("/cart/empty", headers=HTMX)).text


@pytest.mark.parametrize("quantity", ["100", "65536", "429496729", "999999999"])
async def test_any_huge_quantity_is_a_client_error(shop: Client, quantity: str) -> None:
    for path in ("/cart", "/cart/lines/P1"):
        await shop.post("/cart", data={"product_id": "p1"})
        reply = await shop.post(path, data={"product_id": "p1", "quantity": quantity}, headers=HTMX)
        assert reply.status_code == 422
        assert "at most 99" in reply.text


async def test_logout_leaves_nothing_but_the_ids_of_the_changes(shop: Client, shared_valkey: Valkey) -> None:
    await shop.post("/cart", data={"product_id": "p1"})
    (key,) = carts_in(shared_valkey)
    assert (before := await stored(shared_valkey, key)).lines
    await shop.post("/logout")
    after = await stored(shared_valkey, key)
    assert (after.lines, after.removed, after.coupon) == ((), None, "")
    assert after.grew_from(before)


async def stored(server: Valkey, key: bytes) -> Cart:
    async with past_the_shop(server.url) as store:
        return await store.get(key.decode().removeprefix("cart:"))

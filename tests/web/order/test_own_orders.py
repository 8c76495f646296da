"""The orders of this browser."""

from __future__ import annotations

import pytest

from shop.checkout.order_numbers import grouped
from shop.checkout.schema import orders
from shop.database import writing
from shop.web.http.request import ShopRequest
from shop.web.order.own_orders import LIFETIME, MOST, OwnOrders
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop_app import Client

NONE = "No order was placed in this browser"


@pytest.fixture
async def path(buyer: Buyer) -> str:
    """The address of an order that this browser has placed."""
    reply = await buyer.orders(await buyer.opens())
    return str(reply.headers["location"])


async def test_an_order_is_listed_with_its_state_and_its_address(client: Client, path: str, buyer: Buyer) -> None:
    assert NONE in (await client.get("/orders")).text
    await client.get(path)
    number = path.removeprefix("/order/").partition("?")[0]
    async with writing(buyer.database) as connection:
        await connection.execute(orders.update().where(orders.c.number == number).values(state="shipped"))
    page = await client.get("/orders")
    for words in (grouped(number), f'href="{path}"', "Tide Mug", "On its way", "€42.90"):
        assert words in page.text
    assert page.headers["cache-control"] == "no-store"
    assert 'name="robots" content="noindex"' in page.text
    assert "set-cookie" not in (await client.get(path)).headers


async def test_an_order_of_another_browser_is_not_listed(client: Client, path: str) -> None:
    client.cookies.clear()
    await client.get(path)
    assert NONE in (await client.get("/orders")).text


async def test_an_erased_order_is_no_longer_listed(client: Client, path: str, buyer: Buyer) -> None:
    await client.get(path)
    async with writing(buyer.database) as connection:
        await connection.execute(orders.update().values(secret=""))
    assert NONE in (await client.get("/orders")).text


async def test_forgetting_the_cart_forgets_the_orders(client: Client, path: str) -> None:
    await client.get(path)
    await client.post("/logout")
    assert "orders" not in client.cookies


def request(value: str) -> ShopRequest:
    scope = {"type": "http", "headers": [(b"cookie", f"orders={value}".encode())], "path": "/", "method": "GET"}
    return ShopRequest(scope)  # type: ignore[arg-type]


def number(index: int) -> str:
    return f"{index:016d}"


def test_the_latest_are_kept_for_a_while() -> None:
    now = 1_800_000_000
    own = OwnOrders("secret", lambda: now)
    value = ""
    for index in range(MOST + 2):
        value = own.with_order(request(value), number(index))
    assert own.numbers(request(value)) == [number(index) for index in reversed(range(2, MOST + 2))]
    assert own.with_order(request(value), number(5)) == ""
    now += LIFETIME
    assert own.numbers(request(value)) == []


@pytest.mark.parametrize("value", ["", "x", "0000000000000001.1800000000." + "0" * 32])
def test_a_cookie_that_is_not_ours_counts_as_none(value: str) -> None:
    own = OwnOrders("secret", lambda: 1_800_000_000)
    assert own.numbers(request(value)) == []
    forged = OwnOrders("another", lambda: 1_800_000_000).with_order(request(""), number(1))
    assert own.numbers(request(forged)) == []

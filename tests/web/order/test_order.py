"""The page of an order, and its look-up."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from httpx import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.order_numbers import grouped
from shop.checkout.schema import orders
from shop.database import writing
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client


@pytest.fixture
async def path(buyer: Buyer) -> str:
    """The address of an order of two mugs."""
    reply = await buyer.orders(await buyer.opens())
    return str(reply.headers["location"])


@pytest.fixture
def number(path: str) -> str:
    """The number of that order."""
    return path.removeprefix("/order/").partition("?")[0]


async def set_state(database: AsyncEngine, number: str, state: str) -> None:
    async with writing(database) as connection:
        await connection.execute(orders.update().where(orders.c.number == number).values(state=state))


class TestOrderPage:
    async def test_shows_items_address_and_payment(self, client: Client, path: str, number: str) -> None:
        page = await client.get(path)
        assert page.status_code == 200
        for words in (
            "Thank you",
            grouped(number),
            "Tide Mug",
            "2 × €19.00",
            "€42.90",
            "Ada Example",
            "Deichweg 7",
            "94043 Mountain View",
            "Visa ending in 0454",
            "someone@example.com",
            f"http://shop.test{path}",
        ):
            assert words in page.text
        assert not re.search(r"4432[ -]?8015", page.text)

    async def test_can_be_reloaded_but_is_neither_cached_nor_indexed(self, client: Client, path: str) -> None:
        first, second = [await client.get(path) for _ in range(2)]
        assert first.text == second.text
        assert first.headers["cache-control"] == "no-store"
        assert 'name="robots" content="noindex"' in first.text
        assert first.headers["referrer-policy"] == "strict-origin-when-cross-origin"

    async def test_opens_without_a_session_for_any_spelling_of_the_number(
        self, client: Client, path: str, number: str
    ) -> None:
        client.cookies.clear()
        assert (await client.get(path)).status_code == 200
        typed = await client.get(path.replace(number, grouped(number).lower()))
        assert (typed.status_code, typed.headers["location"]) == (303, path)
        assert "set-cookie" not in (await client.get(path)).headers

    @pytest.mark.parametrize("path", ["/order/0000000000000000", "/order/nothing", "/order/%00", "/order/' OR 1=1"])
    async def test_an_unknown_number_is_not_found(self, client: Client, path: str) -> None:
        assert (await client.get(path)).status_code == 404

    @pytest.mark.parametrize("key", ["", "?key=", "?key=guessed", "?key=%00"])
    async def test_the_number_alone_opens_nothing(self, client: Client, number: str, key: str) -> None:
        known = await client.get(f"/order/{number}{key}")
        unknown = await client.get(f"/order/{'0' * 16}{key}")
        assert (known.status_code, unknown.status_code) == (404, 404)
        assert "Ada Example" not in known.text
        assert known.text.replace(grouped(number), "") == unknown.text.replace(grouped("0" * 16), "")
        assert f'value="{grouped(number)}"' in known.text, "what is missing is the e-mail address"

    async def test_corrects_the_badge_of_its_own_shopper(self, client: Client, path: str) -> None:
        assert client.cookies["cart_count"] == "2"
        page = await client.get(path)
        assert client.cookies["cart_count"] == "0"
        assert 'id="cart-badge" class="badge"></span>' in page.text

    async def test_has_json_ld_without_personal_data(self, client: Client, path: str, number: str) -> None:
        page = await client.get(path)
        written = page.text.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
        data = json.loads(written)
        assert data["@type"] == "Order"
        assert data["orderNumber"] == number
        assert data["orderStatus"] == "https://schema.org/OrderProcessing"
        assert (data["price"], data["priceCurrency"]) == ("42.90", "EUR")
        assert data["acceptedOffer"][0]["eligibleQuantity"]["value"] == 2
        assert "Ada" not in written
        assert "example.com" not in written

    async def test_has_a_mailto_link_with_its_address(self, client: Client, path: str) -> None:
        page = (await client.get(path)).text
        link = re.search(r'href="(mailto:[^"]*)"', page)
        assert link is not None
        assert quote(path, safe="/") in link[1]

    async def test_the_mailto_link_is_in_the_language_of_the_page(self, client: Client, path: str) -> None:
        page = (await client.get(path, headers={"Accept-Language": "de"})).text
        assert "body=Hier%20findest%20du%20sie%3A%0Ahttp" in page

    async def test_escapes_what_was_typed(self, buyer: Buyer) -> None:
        evil = '</script><script>alert("1")</script>'
        reply = await buyer.orders(await buyer.opens(), name=evil, city=evil)
        page = await buyer.client.get(reply.headers["location"])
        assert evil not in page.text
        assert "&lt;/script&gt;&lt;script&gt;alert" in page.text


STATES = [
    ("pending", "We are waiting for your bank", True),
    ("failed", "This order was not placed", False),
    ("placed", "Thank you", False),
    ("shipped", "Your order is on its way.", False),
    ("cancelled", "This order was cancelled", False),
    ("refunded", "This order was refunded", False),
]


@pytest.mark.parametrize(("state", "words", "waits"), STATES)
async def test_each_state_has_its_message(
    client: Client, path: str, number: str, sqlite_engine: AsyncEngine, state: str, words: str, waits: bool
) -> None:
    await set_state(sqlite_engine, number, state)
    page = (await client.get(path)).text
    assert words in page
    assert ("Thank you" in page) is (state in ("placed", "shipped"))
    assert (">Look again</a>" in page) is waits
    assert ('data-hx-trigger="every 3s"' in page) is waits
    assert ("application/ld+json" in page) is (state not in ("pending", "failed"))
    assert ("Nothing was charged" in page) is (state == "failed")


async def test_a_waiting_page_polls_the_state_of_its_order(
    client: Client, path: str, number: str, sqlite_engine: AsyncEngine
) -> None:
    await set_state(sqlite_engine, number, "pending")
    waiting = await client.get(path, headers=HTMX)
    assert "<html" not in waiting.text
    assert '<hx-partial hx-target="#order" hx-swap="outerMorph">' in waiting.text
    assert 'hx-target="#status"' not in waiting.text, "a poll without news must not announce anything"
    await set_state(sqlite_engine, number, "paid")
    done = await client.get(path, headers=HTMX)
    assert "every 3s" not in done.text
    assert '<span id="cart-badge" class="badge"></span>' in done.text, "what was ordered has left the cart"
    assert "Thank you. Your order is placed and paid." in done.text.partition('hx-target="#status"')[2]


class TestOrderLookUp:
    async def find(self, client: Client, number: str, email: str) -> Response:
        return await client.post("/order", data={"number": number, "email": email}, headers=NAVIGATION)

    async def test_finds_an_order_for_any_spelling_of_number_and_email(
        self, client: Client, path: str, number: str
    ) -> None:
        assert "Find an order" in (await client.get("/order")).text
        for typed in (number, grouped(number).lower(), f" {number[:8]} {number[8:]} "):
            found = await self.find(client, typed, " Someone@Example.com ")
            assert (found.status_code, found.headers["location"]) == (303, path)

    async def test_a_wrong_number_and_a_wrong_email_get_the_same_reply(self, client: Client, number: str) -> None:
        wrong_number = await self.find(client, "0000-0000-0000-0000", "someone@example.com")
        wrong_email = await self.find(client, number, "other@example.com")
        nothing = await self.find(client, "", "")
        pages = [
            re.sub(r' value="[^"]*"', "", reply.text.partition("<main")[2])
            for reply in (wrong_number, wrong_email, nothing)
        ]
        assert {reply.status_code for reply in (wrong_number, wrong_email, nothing)} == {422}
        assert len(set(pages)) == 1
        assert "We have no order with this number and this e-mail address." in pages[0]
        assert f'value="{number}"' in wrong_email.text

    async def test_is_linked_from_every_page(self, client: Client) -> None:
        assert re.search(r'<a [^>]*href="/order">Find an order</a>', (await client.get("/")).text)

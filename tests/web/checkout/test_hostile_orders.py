"""Whatever a hostile client sends to checkout, orders, payments and coupons is answered in words, never with a 5xx."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from httpx import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.mail.outbox import Outbox
from shop.settings import Settings
from tests.fixtures.buyer import BARE, GERMAN, Buyer, error_in, seen_in
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, MakeClient

POSTS = ["/checkout/summary", "/checkout/check", "/cart/checkout", "/cart/coupon", "/order", "/payment/X"]
FIELDS = GERMAN | {"seen": "x", "method": "x", "code": "x", "number": "x", "answer": "x"}
ODD = ["\x00", "\x9b2J", "\ud800", "é" * 3000, "\u202egnp", "a\r\nBcc: b@c.example", "</script><!--", "%00"]


@pytest.fixture
async def shop(make_client: MakeClient, engine: AsyncEngine, database_url: str) -> AsyncIterator[Client]:
    """A visitor with a mug in the cart, of a shop on each kind of database."""
    await fill(engine, a_product("tide-mug", variant("TIDE-MUG", price=1900, stock=50)))
    async with make_client(settings=Settings(database_url=database_url), catalog=None) as client:
        await client.post("/cart", data={"product_id": "tide-mug"})
        yield client


async def send(shop: Client, path: str, text: str, headers: dict[str, str]) -> Response:
    """The same text in every field, half characters too."""
    encoded = quote(text.encode("utf-8", "surrogatepass"))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return await shop.post(path, content="&".join(f"{name}={encoded}" for name in FIELDS), headers=form | headers)


@pytest.mark.parametrize("headers", [{}, HTMX, NAVIGATION], ids=["program", "htmx", "browser"])
async def test_no_text_in_any_field_is_too_odd(shop: Client, headers: dict[str, str]) -> None:
    for path in POSTS:
        for odd in ODD:
            assert (await send(shop, path, odd, headers)).status_code < 500, (path, odd)


async def test_no_address_of_an_order_or_a_payment_is_too_odd(shop: Client) -> None:
    for path in ("/order/%00", "/payment/%00", "/payment/%ff", "/payment/" + "x" * 5000):
        for method in ("GET", "HEAD", "POST"):
            reply = await shop.request(method, path, data={"answer": "approve"})
            assert reply.status_code in (404, 405), (method, path)


async def test_what_changes_something_is_never_done_by_a_get(buyer: Buyer, client: Client) -> None:
    for path in ("/cart/checkout", "/cart/coupon", "/cart/coupon/remove", "/checkout/summary", "/checkout/check"):
        for method in ("GET", "HEAD"):
            assert (await client.request(method, path, params=BARE)).status_code == 405
    assert await buyer.states() == []


@pytest.mark.parametrize("encoding", ["unicode_escape", "utf-7", "punycode", "zlib", "nothing", "utf-16"])
async def test_a_part_in_an_encoding_of_its_own_is_refused_in_words(client: Client, encoding: str) -> None:
    part = f'--x\r\nContent-Disposition: form-data; name="number"\r\nContent-Type: text/plain; charset={encoding}\r\n'
    body = f"{part}\r\n\\ud800+2AA-\r\n--x--\r\n"
    reply = await client.post(
        "/order", content=body.encode(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert reply.status_code == 422
    assert "The form could not be read" in reply.text or "Nothing was found" in reply.text


@pytest.mark.parametrize("name", ["name", "street_address", "city", "state"])
async def test_lines_of_an_address_cannot_be_added_to_letters(buyer: Buyer, client: Client, name: str) -> None:
    reply = await buyer.orders(await buyer.opens(), **{name: "Ada\r\n\r\nYour money\u2028is back\u202e\u2066"})
    assert reply.status_code == 303
    assert "Ada Your money is back" in (await client.get(reply.headers["location"])).text


class TestATokenOfWhatWasShown:
    @pytest.mark.parametrize("token", ["", "x", "A" * 60_000, "é", "\x00", "=" * 50, "_-" * 100])
    async def test_that_is_not_ours_orders_nothing(self, buyer: Buyer, token: str) -> None:
        reply = await buyer.submits(GERMAN | {"seen": token})
        assert reply.status_code == 409
        assert await buyer.states() == []

    async def test_that_is_cut_off_or_changed_orders_nothing(self, buyer: Buyer) -> None:
        token = seen_in(await buyer.opens())
        other = "B" if token[60] == "A" else "A"
        for forged in (token[:-2], token[:40], token[:60] + other + token[61:]):
            assert (await buyer.submits(GERMAN | {"seen": forged})).status_code == 409
        assert await buyer.states() == []

    async def test_of_another_cart_orders_nothing_and_tells_nothing_of_its_order(
        self, buyer: Buyer, client: Client
    ) -> None:
        page = await buyer.opens()
        number = (await buyer.orders(page)).headers["location"].rpartition("/")[2]
        client.cookies.clear()
        await buyer.adds("tide-mug", 2)
        reply = await buyer.orders(page)
        assert reply.status_code == 409
        assert number not in reply.text
        assert await buyer.states() == ["paid"]

    async def test_in_another_currency_than_the_cookie_has_now_is_looked_at_again(
        self, buyer: Buyer, client: Client
    ) -> None:
        page = await buyer.opens()
        client.cookies.set("currency", "USD", domain="shop.test")
        reply = await buyer.orders(page)
        assert reply.status_code == 409
        assert "The prices were in EUR and are now in USD" in reply.text
        assert await buyer.charges() == 0


async def test_the_key_of_another_shopper_leads_to_no_order_of_theirs(buyer: Buyer, client: Client) -> None:
    first = await client.post("/cart/checkout", data=BARE, headers={"Idempotency-Key": "k"})
    client.cookies.clear()
    await buyer.adds("tide-mug")
    second = await client.post("/cart/checkout", data=BARE, headers={"Idempotency-Key": "k"})
    assert first.headers["location"] != second.headers["location"]
    assert await buyer.charges() == 2


async def test_a_key_may_be_empty_but_not_long(buyer: Buyer, client: Client) -> None:
    refused = await client.post("/cart/checkout", data=BARE, headers={"Idempotency-Key": "k" * 10_240})
    assert refused.status_code == 422
    assert "at most 200 characters" in refused.text
    taken = await client.post("/cart/checkout", data=BARE, headers={"Idempotency-Key": ""})
    assert taken.status_code == 303


async def test_control_characters_of_terminals_are_refused_at_their_field(buyer: Buyer) -> None:
    for odd in ("\x1b[2J", "\x9b2J", "\x00"):
        reply = await buyer.orders(await buyer.opens(), city=odd)
        assert reply.status_code == 422
        assert "cannot be typed" in error_in(reply, "city")


@pytest.mark.parametrize(("smtp", "linked"), [("", True), ("smtp://127.0.0.1:9", False)])
async def test_a_forged_host_is_not_linked_to_by_letters_that_are_sent(
    make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine, smtp: str, linked: bool
) -> None:
    settings = Settings(database_url=stocked_url, smtp_url=smtp)
    async with make_client(settings=settings, catalog=None) as client:
        await Buyer(client, sqlite_engine).adds("tide-mug")
        forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        assert (await client.post("/cart/checkout", data=BARE, headers=forged)).status_code == 303
    (letter,) = await Outbox(sqlite_engine).latest(9)
    assert ("evil.example" in letter.email.html) is linked
    assert ("evil.example" in letter.email.plain) is linked


class TestWhatACatalogueWrites:
    """A title with all that markup, JSON-LD and letters could be left by."""

    TITLE = "</script><!--<script>alert(1)</script>\" onload='x' &amp; <b>\u2028"

    @pytest.fixture
    async def evil(self, make_client: MakeClient, sqlite_engine: AsyncEngine, sqlite_url: str) -> AsyncIterator[Buyer]:
        mug = a_product("mug", variant("MUG", price=1900, stock=9), title=self.TITLE)
        await fill(sqlite_engine, mug)
        async with make_client(settings=Settings(database_url=sqlite_url), catalog=None) as client:
            buyer = Buyer(client, sqlite_engine)
            await buyer.adds("mug")
            yield buyer

    async def test_is_text_on_every_page_of_an_order(self, evil: Buyer) -> None:
        coupon = await evil.client.post("/cart/coupon", data={"code": "<script>alert(1)"}, headers=HTMX)
        page = await evil.opens()
        other = await evil.orders(page, method="none", email="<script>alert(1)</script>", country=self.TITLE[:100])
        await evil.adds("mug")
        differs = await evil.orders(page)
        agreed = await evil.orders(differs)
        receipt = await evil.client.get(agreed.headers["location"])
        for reply, status in ((page, 200), (other, 422), (differs, 409), (receipt, 200), (coupon, 422)):
            assert reply.status_code == status
            assert "&lt;script&gt;alert(1)" in reply.text
            assert "<script>alert" not in reply.text
            assert "<!--<script" not in reply.text
            assert "<b>" not in reply.text
        (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', receipt.text, re.DOTALL)
        assert json.loads(data)["acceptedOffer"][0]["itemOffered"]["name"] == self.TITLE
        (letter,) = await Outbox(evil.database).latest(9)
        assert "&lt;script&gt;alert(1)" in letter.email.html
        assert "<script>" not in letter.email.html


async def test_no_cache_keeps_the_way_to_an_order(buyer: Buyer, client: Client) -> None:
    path = (await buyer.orders(await buyer.opens())).headers["location"]
    for headers in ({}, HTMX):
        reply = await client.get(path.replace(path[7:23], path[7:23].lower()), headers=headers)
        assert reply.status_code in (303, 204)
        assert reply.headers["cache-control"] == "private, no-cache"

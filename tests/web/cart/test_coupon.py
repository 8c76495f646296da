"""The coupon field of the cart, and the progress towards free shipping."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.totals import CouponTerms
from shop.money import Money, Rates
from shop.settings import Settings
from shop.web.render.paths import line_path
from tests.fixtures.shop_app import HTMX, Client, Clock, CountingCarts, MakeClient

EUR = Rates("EUR", "2026-01-01", {"EUR": Decimal(1)})
COUPONS = (
    Coupon("TEN-OFF", CouponTerms(percent=1000)),
    Coupon("FIVE", CouponTerms(amount=Money(500, "EUR"), minimum=Money(3000, "EUR"))),
    Coupon("FREESHIP", CouponTerms(free_shipping=True)),
    Coupon("SHORT", CouponTerms(percent=5000, ends=1_800_000_100)),
    Coupon("LATER", CouponTerms(percent=5000, starts=1_800_100_000)),
    Coupon("GONE", CouponTerms(percent=5000), max_uses=0),
)
MUG = line_path("TIDE-MUG")


@pytest.fixture
async def shop(make_client: MakeClient, sqlite_url: str, sqlite_engine: AsyncEngine) -> AsyncIterator[Client]:
    """A shopper with two mugs (€38.00) in the cart of a shop that has coupons."""
    await Coupons(sqlite_engine, EUR).add(COUPONS)
    async with make_client(settings=Settings(database_url=sqlite_url)) as client:
        await client.post("/cart", data={"product_id": "tide-mug", "quantity": "2"})
        yield client


async def enter(shop: Client, code: str, **headers: str) -> Any:
    return await shop.post("/cart/coupon", data={"code": code}, headers=headers)


def rows(text: str) -> dict[str, str]:
    """The summary's rows."""
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", text))


async def test_a_coupon_in_any_case_reduces_the_subtotal(shop: Client) -> None:
    reply = await enter(shop, " ten-off ", **HTMX)
    assert reply.status_code == 200
    assert "The coupon TEN-OFF takes €3.80 off." in reply.text
    assert rows(reply.text) == {
        "Subtotal": "€38.00",
        "Coupon TEN-OFF": "−€3.80",
        "Before shipping": "€34.20",
    }
    assert rows((await shop.get("/cart")).text) == rows(reply.text)
    shop.cookies.set("currency", "JPY")
    assert rows((await shop.get("/cart")).text)["Coupon TEN-OFF"].startswith("−¥")


async def test_a_plain_form_is_redirected_to_the_cart_page(shop: Client) -> None:
    reply = await enter(shop, "TEN-OFF")
    assert (reply.status_code, reply.headers["location"]) == (303, "/cart")
    assert "takes €3.80 off" in (await shop.get("/cart")).text
    removed = await shop.post("/cart/coupon/remove")
    assert (removed.status_code, removed.headers["location"]) == (303, "/cart")
    page = (await shop.get("/cart")).text
    assert "TEN-OFF" not in page
    assert 'name="code" value=""' in page


async def test_an_automatic_rule_needs_no_code_and_comes_before_the_coupon(
    shop: Client, sqlite_engine: AsyncEngine
) -> None:
    half = CouponTerms(percent=5000, buy=1, get=1, products=("tide-mug",), automatic=True, title="Second mug at half")
    await Coupons(sqlite_engine, EUR).add([Coupon("AUTO", half)])
    assert rows((await shop.get("/cart")).text) == {
        "Subtotal": "€38.00",
        "Second mug at half": "−€9.50",
        "Before shipping": "€28.50",
    }
    await enter(shop, "TEN-OFF")
    assert rows((await shop.get("/cart")).text) == {
        "Subtotal": "€38.00",
        "Second mug at half": "−€9.50",
        "Coupon TEN-OFF": "−€2.85",
        "Before shipping": "€25.65",
    }
    bill = (await shop.get("/checkout", headers={"Accept-Language": "en-DE"})).text
    for label, amount in (("Second mug at half", "−€9.50"), ("Coupon TEN-OFF", "−€2.85"), ("Subtotal", "€38.00")):
        assert f"<dt>{label}</dt><dd>{amount}</dd>" in bill
    assert "There is no coupon “auto”" in (await enter(shop, "auto")).text


REFUSED = [
    ("NO-SUCH", "There is no coupon “NO-SUCH”."),
    ('"><script>', "There is no coupon"),
    ("", "Please enter the coupon&#39;s code."),
    ("GONE", "The coupon GONE has been used up."),
    ("LATER", "There is no coupon “LATER”."),
]


@pytest.mark.parametrize(("code", "words"), REFUSED)
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
async def test_a_refused_coupon_says_why_at_its_field(
    shop: Client, headers: dict[str, str], code: str, words: str
) -> None:
    reply = await enter(shop, code, **headers)
    assert reply.status_code == 422
    assert reply.text.count(words) == 1
    field = re.search(r"<input[^>]*id=\"coupon-code\"[^>]*>", reply.text)
    assert field is not None
    assert 'aria-describedby="coupon-error"' in field[0]
    assert ("autofocus" in field[0]) is (headers == {})
    assert "<script>" not in field[0]
    assert re.search(r'<details id="coupon-details" open>', reply.text)
    assert "€38.00" in reply.text
    assert 'id="coupon-error"' not in (await shop.get("/cart")).text


async def test_a_refused_coupon_keeps_the_typed_code_and_the_current_coupon(shop: Client, carts: CountingCarts) -> None:
    assert 'value="no such"' in (await enter(shop, "no such", **HTMX)).text
    await enter(shop, "TEN-OFF")
    for headers in (HTMX, {}):  # from another tab, which still shows the field
        refused = await enter(shop, "GONE", **headers)
        assert refused.status_code == 422
        assert "The coupon GONE has been used up." in refused.text
        assert "The coupon TEN-OFF takes €3.80 off." in refused.text
    (cart,) = [cart async for cart in carts.scan()]
    assert cart.coupon == "TEN-OFF"


async def test_a_coupon_below_its_minimum_says_how_much_is_missing(shop: Client) -> None:
    await shop.post(MUG, data={"quantity": "1"})
    assert "The coupon FIVE applies from €30.00: €11.00 to go." in (await enter(shop, "FIVE", **HTMX)).text
    await shop.post(MUG, data={"quantity": "2"})
    assert "The coupon FIVE takes €5.00 off." in (await enter(shop, "FIVE", **HTMX)).text


async def test_an_expired_coupon_says_so_and_can_be_removed(shop: Client, clock: Clock) -> None:
    assert "takes €19.00 off" in (await enter(shop, "SHORT", **HTMX)).text
    clock.now += 100
    page = (await shop.get("/cart")).text
    assert "The coupon SHORT ended on 15 January 2027." in page
    assert rows(page) == {"Subtotal": "€38.00"}
    assert 'action="/cart/coupon/remove"' in page
    await shop.post("/cart/coupon/remove")
    assert "SHORT" not in (await shop.get("/cart")).text


async def test_a_cart_below_the_minimum_keeps_its_coupon(shop: Client) -> None:
    await enter(shop, "FIVE")
    smaller = await shop.post(MUG, data={"quantity": "1"}, headers=HTMX)
    assert "The coupon FIVE applies from €30.00: €11.00 to go." in smaller.text
    assert "Before shipping" not in smaller.text
    again = await shop.post(MUG, data={"quantity": "3"}, headers=HTMX)
    assert rows(again.text)["Before shipping"] == "€52.00"


async def test_the_same_key_enters_a_coupon_once(shop: Client, carts: CountingCarts) -> None:
    for _ in range(3):
        assert (await enter(shop, "TEN-OFF", **HTMX, **{"Idempotency-Key": "k"})).status_code == 200
    (cart,) = [cart async for cart in carts.scan()]
    assert (cart.coupon, cart.revision) == ("TEN-OFF", 2)


@pytest.mark.parametrize("path", ["/cart/coupon", "/cart/coupon/remove"])
async def test_a_coupon_without_a_cart_is_refused_and_creates_none(make_client: MakeClient, path: str) -> None:
    async with make_client() as stranger:
        assert "Please enter the coupon" in (await stranger.post("/cart/coupon")).text
        reply = await stranger.post(path, data={"code": "TEN-OFF"})
        assert reply.status_code == (422 if path == "/cart/coupon" else 303)
        assert "set-cookie" not in reply.headers
        if path == "/cart/coupon":
            assert "Please add something to your cart first" in reply.text


async def test_the_cart_shows_the_distance_to_free_shipping(shop: Client) -> None:
    page = (await shop.get("/cart")).text
    assert "€22.00 more for free delivery to the European Union." in page
    assert '<progress class="progress__bar" value="3800" max="6000" aria-hidden="true">' in page
    added = await shop.post("/cart", data={"product_id": "tide-mug", "quantity": "2"}, headers=HTMX)
    assert '<p class="progress__words">You have free delivery to the European Union.</p>' in added.text


async def test_a_discount_counts_against_free_shipping(shop: Client) -> None:
    await shop.post(MUG, data={"quantity": "4"})
    reply = await enter(shop, "TEN-OFF", **HTMX)  # 76.00 less 7.60
    assert '<progress class="progress__bar" value="6000" max="6000"' in reply.text
    await shop.post(MUG, data={"quantity": "3"})  # 57.00 less 5.70
    assert "€8.70 more for free delivery" in (await shop.get("/cart")).text


async def test_the_guessed_country_selects_the_free_shipping_threshold(shop: Client) -> None:
    page = await shop.get("/cart", headers={"Accept-Language": "en-NZ,en;q=0.8"})
    assert "€112.00 more for free delivery to the rest of the world." in page.text


async def test_a_free_shipping_coupon_hides_the_progress(shop: Client) -> None:
    reply = await enter(shop, "FREESHIP", **HTMX)
    assert "The coupon FREESHIP gives you free delivery." in reply.text
    assert "<progress" not in reply.text
    assert rows(reply.text) == {"Subtotal": "€38.00"}


async def test_an_empty_cart_shows_neither_coupon_nor_checkout(shop: Client) -> None:
    assert 'href="/checkout"' in (await shop.get("/cart")).text
    await enter(shop, "TEN-OFF")
    empty = await shop.post("/cart/empty", headers=HTMX)
    for words in ("/checkout", "TEN-OFF", "free", "coupon"):
        assert words not in empty.text


async def test_the_cart_is_shown_while_its_coupon_cannot_be_looked_up(
    make_client: MakeClient, shop: Client, carts: CountingCarts
) -> None:
    await enter(shop, "TEN-OFF")
    nowhere = Settings(database_url="postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    async with make_client(settings=nowhere) as other:
        other.cookies = shop.cookies
        page = await other.get("/cart")
    assert page.status_code == 200
    assert "The coupon TEN-OFF cannot be looked up just now. It stays in your cart." in page.text
    assert rows(page.text) == {"Subtotal": "€38.00"}


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The SQL statements of all engines."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


async def test_the_cart_page_queries_only_the_coupon_and_caches_it(shop: Client, statements: list[str]) -> None:
    await shop.get("/cart")
    assert [each for each in statements if "WHERE automatic" not in each] == []
    await shop.post(MUG, data={"quantity": "3"}, headers=HTMX)
    (only,) = (each for each in statements if "WHERE automatic" not in each)
    assert "FROM reservations" in only, "whether anything is to be released"
    await enter(shop, "TEN-OFF", **HTMX)
    for _ in range(5):
        await shop.get("/cart")
    assert len([each for each in statements if "WHERE coupons.code" in each]) == 1

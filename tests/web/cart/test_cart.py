"""Every change to a cart, by htmx and by a plain form."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from shop.cart.model import Cart, Change
from shop.money import Money
from shop.web.render.paths import line_path
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client, Clock, CountingCarts, MakeClient

MUG = line_path("TIDE-MUG")
SAVED_MUG = line_path("TIDE-MUG", saved=True)


@pytest.fixture
async def filled(shop: Client) -> Client:
    """A shopper with two mugs and a candle in the cart."""
    await shop.post("/cart", data={"product_id": "tide-mug", "quantity": "2"})
    await shop.post("/cart", data={"product_id": "endless-candle"})
    return shop


def badge(text: str) -> str:
    return text.partition('id="cart-badge" class="badge">')[2].partition("<")[0]


def undo_of(text: str) -> str:
    return text.partition('name="of" value="')[2].partition('"')[0]


CHANGES = [
    (MUG, {"quantity": "5"}, "6", "Tide Mug: 5."),
    (MUG, {"quantity": "0"}, "1", "Removed Tide Mug."),
    (f"{MUG}/remove", {}, "1", "Removed Tide Mug."),
    (f"{MUG}/save", {}, "1", "Saved for later."),
    ("/cart/empty", {}, "", "Your cart is empty."),
    (line_path("NOT-THERE") + "/remove", {}, "3", "3 items in your cart."),
    (line_path("NOT-THERE"), {"quantity": "2"}, "3", "no longer in your cart"),
]


@pytest.mark.parametrize(("path", "form", "count", "words"), CHANGES)
async def test_htmx_gets_the_fragments_of_a_change(
    filled: Client, path: str, form: dict[str, str], count: str, words: str
) -> None:
    reply = await filled.post(path, data=form, headers=HTMX)

    assert reply.status_code == 200
    assert "<html" not in reply.text
    assert '<hx-partial hx-target="#cart" hx-swap="outerHTML">' in reply.text
    assert badge(reply.text) == count
    assert words in reply.text
    assert filled.cookies["cart_count"] == (count or "0")


@pytest.mark.parametrize(("path", "form", "count", "_words"), CHANGES)
async def test_a_plain_form_is_redirected_to_the_cart_page(
    filled: Client, path: str, form: dict[str, str], count: str, _words: str
) -> None:
    reply = await filled.post(path, data=form)

    assert (reply.status_code, reply.headers["location"]) == (303, "/cart")
    assert badge((await filled.get("/cart")).text) == count


async def test_a_saved_item_can_be_moved_back_and_removed(filled: Client) -> None:
    await filled.post(f"{MUG}/save")
    moved = await filled.post(f"{SAVED_MUG}/move", headers=HTMX)
    assert badge(moved.text) == "3"

    await filled.post(f"{MUG}/save")
    removed = await filled.post(f"{SAVED_MUG}/remove", headers=HTMX)
    assert "Removed Tide Mug." in removed.text
    assert SAVED_MUG not in removed.text


@pytest.mark.parametrize("path", [f"{MUG}/remove", "/cart/empty"])
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
async def test_undo_restores_an_item_at_its_position(filled: Client, headers: dict[str, str], path: str) -> None:
    await filled.post(path, headers=headers)
    page = await filled.get("/cart")

    await filled.post("/cart/undo", data={"of": undo_of(page.text)}, headers=headers)

    after = await filled.get("/cart")
    assert badge(after.text) == "3"
    assert after.text.index("Tide Mug") < after.text.index("Endless Candle")
    assert undo_of(after.text) == ""


async def test_undo_is_offered_for_ten_minutes(filled: Client, clock: Clock) -> None:
    await filled.post(f"{MUG}/remove")
    clock.now += 599
    assert undo_of((await filled.get("/cart")).text)
    clock.now += 1
    assert not undo_of((await filled.get("/cart")).text)


@pytest.mark.parametrize("of", ["", " ", "zz", "00" * 8, "ff" * 100])
async def test_an_unknown_undo_changes_nothing(filled: Client, of: str) -> None:
    reply = await filled.post("/cart/undo", data={"of": of}, headers=HTMX)
    assert reply.status_code in (200, 422)
    assert badge(reply.text) == "3"


@pytest.mark.parametrize(
    ("quantity", "words"), [("100", "at most 99"), ("11", "Only 10 of Tide Mug left."), ("x", "whole number")]
)
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
async def test_a_refused_quantity_says_why_and_changes_nothing(
    filled: Client, catalog: FixedCatalog, headers: dict[str, str], quantity: str, words: str
) -> None:
    if quantity == "100":
        catalog.replace(product("tide-mug", stock=None))
    reply = await filled.post(MUG, data={"quantity": quantity}, headers=headers)

    assert reply.status_code == 422
    assert words in reply.text
    assert badge(reply.text) == "3"


async def test_a_change_creates_no_cart(shop: Client, carts: CountingCarts) -> None:
    for path in (MUG, f"{MUG}/remove", "/cart/empty", "/cart/undo"):
        reply = await shop.post(path, data={"quantity": "1", "of": "00"}, headers=HTMX)
        assert reply.status_code == 200
        assert "set-cookie" not in reply.headers
    assert len(carts) == 0


async def test_the_cart_says_what_changed_since_the_add(filled: Client, catalog: FixedCatalog) -> None:
    catalog.replace(product("tide-mug", 2100, stock=1))
    catalog.remove("endless-candle")
    text = (await filled.get("/cart")).text

    assert "The price went up from €19.00 to €21.00." in text
    assert "Only 1 left. Please lower the quantity." in text
    assert "We no longer sell this item." in text
    assert "<dd>€42.00</dd>" in text


async def test_a_tab_that_reloads_the_cart_gets_fragments(filled: Client) -> None:
    reply = await filled.get("/cart", headers=HTMX)
    assert "<html" not in reply.text
    assert '<hx-partial hx-target="#cart"' in reply.text
    assert '<hx-partial hx-target="#status"' not in reply.text


async def test_a_history_restore_gets_the_whole_page(filled: Client) -> None:
    reply = await filled.get("/cart", headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in reply.text


@pytest.mark.parametrize("handle", ["a/b", "..", ".", "50% off", "Krug & Teller", "teller-☃", "a+b", "x?y#z", "%2F"])
async def test_any_sku_survives_url_encoding(make_client: MakeClient, handle: str) -> None:
    catalog = FixedCatalog(product(handle))
    async with make_client(catalog=catalog) as shop:
        await shop.post("/cart", data={"product_id": handle})
        page = await shop.get("/cart")
        (path,) = set(re.findall('action="(/cart/lines/[^"/]+)"', page.text))
        reply = await shop.post(path, data={"quantity": "4"}, headers=HTMX)

    assert reply.status_code == 200
    assert badge(reply.text) == "4"


async def test_money_adds_up_in_every_currency(make_client: MakeClient) -> None:
    catalog = FixedCatalog(product("odd", 333), product("even", 1001))
    async with make_client(catalog=catalog) as shop:
        for handle, quantity in (("odd", 3), ("even", 2)):
            await shop.post("/cart", data={"product_id": handle, "quantity": str(quantity)})
        await shop.post("/setCurrency", data={"currency_code": "JPY"})
        text = (await shop.get("/cart")).text

    # 3.33 EUR x 162.5 = 541.125 -> 541 each; 10.01 x 162.5 = 1626.625 -> 1627 each
    assert Money(541 * 3 + 1627 * 2, "JPY").format() in text


async def test_a_partial_cart_has_a_notice(make_client: MakeClient) -> None:
    class PartialCarts(CountingCarts):
        async def get(self, cart_id: str) -> Cart:
            return replace(await super().get(cart_id), partial=True)

        async def apply(self, cart_id: str, change: Change) -> Cart:
            return replace(await super().apply(cart_id, change), partial=True)

    notice = "may not be visible yet"
    async with make_client(carts=PartialCarts()) as shop:
        assert notice not in (await shop.get("/cart")).text
        newcomer = await shop.post("/cart", data={"product_id": "tide-mug"}, headers=HTMX)
        assert newcomer.status_code == 200
        assert notice not in newcomer.text
        assert notice in (await shop.get("/cart")).text
        assert notice in (await shop.post(MUG, data={"quantity": "2"}, headers=HTMX)).text
        assert notice not in (await shop.get("/")).text

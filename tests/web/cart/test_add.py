"""Adding to the cart: by htmx, by a plain form, by curl; and refused adds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from shop.cart.model import Limits
from shop.catalog.model import Offer
from shop.errors import StoreUnavailable
from shop.web.http.session import cart_id
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, CountingCarts, MakeClient


async def test_htmx_gets_the_fragments_of_an_add(shop: Client) -> None:
    reply = await shop.post("/cart", data={"product_id": "tide-mug", "quantity": "2"}, headers=HTMX)

    assert reply.status_code == 200
    assert "<html" not in reply.text
    for target in ("#cart-drawer-body", "#cart-badge", "#status"):
        assert f'<hx-partial hx-target="{target}"' in reply.text
    assert "Added 2 × Tide Mug. 2 items in your cart." in reply.text
    assert "€38.00" in reply.text


async def test_a_plain_form_is_redirected_to_the_cart_page(shop: Client) -> None:
    reply = await shop.post("/cart", data={"product_id": "tide-mug"})

    assert (reply.status_code, reply.headers["location"], reply.text) == (303, "/cart", "")
    assert "€19.00" in (await shop.get("/cart")).text


async def test_an_add_makes_one_call_to_the_cart_service_and_no_repeated_look_up(
    shop: Client, carts: CountingCarts
) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"}, headers=HTMX)
    assert carts.calls == {"apply": 1}


async def test_an_add_that_was_made_is_never_answered_with_an_error(
    make_client: MakeClient, carts: CountingCarts
) -> None:
    """The catalogue becomes unavailable between the look-up of the product and the view of the cart."""

    class GoneForOffers(FixedCatalog):
        async def offers(self, skus: Iterable[str], holder: str = "") -> dict[str, Offer]:
            raise StoreUnavailable("The database is away.")

    async with make_client(catalog=GoneForOffers(product("tide-mug", 1900))) as shop:
        plain = await shop.post("/cart", data={"product_id": "tide-mug"}, headers=NAVIGATION)
        assert (plain.status_code, shop.cookies["cart_count"]) == (303, "1")
        key = {**HTMX, "Idempotency-Key": "one-click"}
        for _ in range(2):
            assert (await shop.post("/cart", data={"product_id": "tide-mug"}, headers=key)).status_code == 503
        assert (await carts.get(cart_id(shop.cookies["neap_session"]))).quantity == 2


@pytest.mark.parametrize("typed", ["3", "٣", "３", "\u200f3\u200b", "3.0", "3,0", "30e-1"])
async def test_a_quantity_is_read_as_it_was_meant(shop: Client, typed: str) -> None:
    reply = await shop.post("/cart", data={"product_id": "tide-mug", "quantity": typed}, headers=HTMX)
    assert reply.status_code == 200
    assert shop.cookies["cart_count"] == "3"


async def test_a_variant_is_chosen_by_its_sku(shop: Client) -> None:
    reply = await shop.post("/cart", data={"product_id": "throw", "variant_id": "THROW-SAND"}, headers=HTMX)
    assert "Added Throw, Sand." in reply.text


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"product_id": "throw"}, 422, "Please choose: Colour."),
        ({"product_id": "throw", "variant_id": "THROW-PINK"}, 404, "no longer comes like that"),
        ({"product_id": "nothing"}, 404, "We have no such product"),
        ({}, 422, "Please name a product"),
        ({"product_id": "gone-bowl"}, 422, "Gone Bowl is sold out."),
        ({"product_id": "last-jug", "quantity": "4"}, 422, "Only 3 of Last Jug left."),
        ({"product_id": "endless-candle", "quantity": "100"}, 422, "at most 99 of one item"),
        ({"product_id": "tide-mug", "quantity": "0"}, 422, "1 or more"),
        ({"product_id": "tide-mug", "quantity": "-1"}, 422, "whole number"),
        ({"product_id": "tide-mug", "quantity": "1.5"}, 422, "whole number"),
        ({"product_id": "tide-mug", "quantity": "9" * 400}, 422, "whole number"),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
async def test_a_refused_add_says_why_and_starts_no_session(
    shop: Client, carts: CountingCarts, headers: dict[str, str], form: dict[str, str], status: int, words: str
) -> None:
    reply = await shop.post("/cart", data=form, headers=headers)

    assert reply.status_code == status
    assert words in reply.text
    assert "set-cookie" not in reply.headers
    assert ("<html" in reply.text) is (not headers)
    assert len(carts) == 0


async def test_a_refused_plain_form_keeps_its_values(shop: Client) -> None:
    form = {"product_id": "throw", "variant_id": "THROW-SAND", "quantity": "77"}
    reply = await shop.post("/cart", data=form)

    assert reply.status_code == 422
    assert "Only 10 of Throw, Sand left." in reply.text
    assert 'value="THROW-SAND"' in reply.text
    assert 'value="77"' in reply.text


async def test_stock_includes_what_is_in_the_cart_already(shop: Client) -> None:
    await shop.post("/cart", data={"product_id": "last-jug", "quantity": "2"})
    reply = await shop.post("/cart", data={"product_id": "last-jug", "quantity": "2"}, headers=HTMX)

    assert reply.status_code == 422
    assert "Only 3 of Last Jug left, and you have 2 in your cart." in reply.text
    assert 'class="badge">2<' in reply.text


async def test_a_full_cart_says_so_and_stays_unchanged(make_client: MakeClient) -> None:
    catalog = FixedCatalog(product("a"), product("b"), product("c"))
    async with make_client(carts=CountingCarts(limits=Limits(lines=2)), catalog=catalog) as shop:
        for handle in ("a", "b"):
            await shop.post("/cart", data={"product_id": handle})
        reply = await shop.post("/cart", data={"product_id": "c"}, headers=HTMX)

    assert reply.status_code == 422
    assert "at most 2 different items" in reply.text


async def test_a_thousand_concurrent_adds_lose_none(make_client: MakeClient) -> None:
    catalog = FixedCatalog(*(product(f"p{number}", stock=None) for number in range(50)))
    async with make_client(catalog=catalog) as shop:
        await shop.post("/cart", data={"product_id": "p0"})
        posts = (shop.post("/cart", data={"product_id": f"p{number % 50}"}, headers=HTMX) for number in range(1000))
        replies = await asyncio.gather(*posts)
        page = await shop.get("/cart")

    assert {reply.status_code for reply in replies} == {200}
    assert 'class="badge">1001<' in page.text


async def test_a_product_is_saved_for_later_from_its_page(shop: Client, carts: CountingCarts) -> None:
    for _ in range(2):
        reply = await shop.post("/cart/saved", data={"product_id": "tide-mug"}, headers=HTMX)
        assert reply.status_code == 200
        assert "Saved for later." in reply.text
        assert 'href="/cart#saved-title"' in reply.text
    (line,) = (await carts.get(cart_id(shop.cookies["neap_session"]))).saved
    assert line.quantity == 1
    assert shop.cookies["cart_count"] == "0"


async def test_what_is_sold_out_is_saved_for_later_without_a_script(make_client: MakeClient) -> None:
    async with make_client(catalog=FixedCatalog(product("tide-mug", 1900, stock=0))) as shop:
        page = await shop.get("/product/tide-mug")
        assert 'action="/cart/saved"' in page.text
        reply = await shop.post("/cart/saved", data={"product_id": "tide-mug"}, headers=NAVIGATION)
        assert (reply.status_code, reply.headers["location"]) == (303, "/cart")
        assert "Saved for later" in (await shop.get("/cart")).text

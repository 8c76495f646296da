"""What is said of a thing whose last pieces are set aside: to everyone, and to the shopper for whom they are."""

from __future__ import annotations

from shop.web.http.session import cart_id
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client

ELSEWHERE = "The last ones are reserved for another order. They may come back within minutes."


async def in_the_cart(shop: Client, catalog: FixedCatalog, pieces: int, *, own: int) -> None:
    """So many jugs are in the cart, all that there were are set aside, and so many of those for it."""
    await shop.post("/cart", data={"product_id": "last-jug", "quantity": str(pieces)})
    catalog.replace(product("last-jug", 4200, stock=0, reserved=3))
    catalog.reservations = {cart_id(shop.cookies["neap_session"]): {"LAST-JUG": own}}


async def test_the_product_page_says_where_the_last_ones_are(shop: Client, catalog: FixedCatalog) -> None:
    catalog.replace(product("last-jug", 4200, stock=0, reserved=3))
    page = (await shop.get("/product/last-jug")).text
    assert ELSEWHERE in page
    assert "Add to cart" not in page
    assert ELSEWHERE not in (await shop.get("/product/gone-bowl")).text
    catalog.replace(product("last-jug", 4200, stock=1, reserved=2))
    assert ELSEWHERE not in (await shop.get("/product/last-jug")).text


async def test_somebody_elses_cart_says_where_the_last_ones_are(shop: Client, catalog: FixedCatalog) -> None:
    await in_the_cart(shop, catalog, 2, own=0)
    page = (await shop.get("/cart")).text
    assert ELSEWHERE in page
    assert "Sold out" not in page


async def test_the_cart_they_are_set_aside_for_is_left_in_peace(shop: Client, catalog: FixedCatalog) -> None:
    await in_the_cart(shop, catalog, 3, own=3)
    page = (await shop.get("/cart")).text
    assert ELSEWHERE not in page
    assert "Sold out" not in page
    assert "Only 3 left." in page
    fewer = await shop.post("/cart/lines/LAST-JUG", data={"quantity": "1"}, headers=HTMX)
    assert fewer.status_code == 200
    again = await shop.post("/cart/lines/LAST-JUG", data={"quantity": "3"}, headers=HTMX)
    assert again.status_code == 200
    assert (await shop.post("/cart/lines/LAST-JUG", data={"quantity": "4"}, headers=HTMX)).status_code == 422


async def test_an_add_counts_what_is_set_aside_for_its_cart(shop: Client, catalog: FixedCatalog) -> None:
    await in_the_cart(shop, catalog, 1, own=2)
    assert (await shop.post("/cart", data={"product_id": "last-jug"}, headers=HTMX)).status_code == 200
    refused = await shop.post("/cart", data={"product_id": "last-jug"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Only 2 of Last Jug left, and you have 2 in your cart." in refused.text


async def test_an_add_by_others_finds_nothing(shop: Client, catalog: FixedCatalog) -> None:
    catalog.replace(product("last-jug", 4200, stock=0, reserved=3))
    refused = await shop.post("/cart", data={"product_id": "last-jug"}, headers=HTMX)
    assert refused.status_code == 422
    assert "The last of Last Jug are reserved for another order." in refused.text
    assert "sold out" not in refused.text
    assert "neap_session" not in shop.cookies


async def test_the_grid_and_structured_data_say_so_too(shop: Client, catalog: FixedCatalog) -> None:
    catalog.replace(product("last-jug", 4200, stock=0, reserved=3))
    cards = (await shop.get("/?q=jug")).text.split("<article")
    (card,) = [card for card in cards if 'href="/product/last-jug"' in card]
    assert "Reserved, may come back" in card
    assert "Sold out" not in card
    page = (await shop.get("/product/last-jug")).text
    assert "https://schema.org/LimitedAvailability" in page
    assert "https://schema.org/OutOfStock" not in page
    assert "https://schema.org/OutOfStock" in (await shop.get("/product/gone-bowl")).text

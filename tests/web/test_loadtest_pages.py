"""The load test's parsing of pages, tested with the shop's own pages: a changed template fails here."""

from __future__ import annotations

from shop.loadtest.shoppers.history import lines_on
from shop.loadtest.shoppers.pages import Offer, addresses_in, choices_on, offer_on, refusal_on
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import Client


async def test_a_product(shop: Client) -> None:
    assert offer_on((await shop.get("/product/last-jug")).text) == Offer("LAST-JUG", 3)


async def test_a_product_in_two_colours(shop: Client) -> None:
    page = (await shop.get("/product/throw")).text
    first = offer_on(page)
    assert first is not None
    others = {offer_on((await shop.get(path)).text) for path in choices_on(page)} - {first}
    assert [other.sku for other in others if other] == ["THROW-SAND"]


async def test_a_product_that_is_sold_out(shop: Client) -> None:
    assert offer_on((await shop.get("/product/gone-bowl")).text) is None


async def test_a_cart_and_a_refusal(shop: Client, catalog: FixedCatalog) -> None:
    catalog.replace(product("a-b", 900))
    await shop.post("/cart", data={"product_id": "a-b", "quantity": 4})
    await shop.post("/cart", data={"product_id": "last-jug", "quantity": 2})
    assert lines_on((await shop.get("/cart")).content) == {"A-B": 4, "LAST-JUG": 2}
    refused = await shop.post("/cart", data={"product_id": "last-jug", "quantity": 2})
    assert refused.status_code == 422
    assert refusal_on(refused.text) == "Only 3 of Last Jug left, and you have 2 in your cart."


async def test_the_sitemap(shop: Client) -> None:
    addresses = addresses_in((await shop.get("/sitemap.xml")).text)
    assert "http://shop.test/product/tide-mug" in addresses

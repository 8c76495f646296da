"""A shop with terms of its own: countries that it leaves out, collection, a tax of nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.demo import DemoPayments
from shop.settings import Settings
from tests.fixtures.buyer import BARE, Buyer, error_in
from tests.fixtures.shop_app import HTMX, Client, MakeClient, in_no_time

TERMS = {
    "currency": "EUR",
    "zones": [
        {
            "title": "Germany",
            "countries": ["DE"],
            "methods": [
                {"id": "collect", "title": "Collect in Hamburg", "bands": [{"price": "0"}], "collection": True},
                {"id": "standard", "title": "Standard", "bands": [{"price": "4.90"}]},
            ],
        },
        {"title": "elsewhere", "countries": ["*"], "ships": False},
    ],
    "taxes": [{"name": "VAT", "included": True, "rates": {"DE": "0"}}],
}


@pytest.fixture
async def client(
    make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine, tmp_path: Path
) -> AsyncIterator[Client]:
    file = tmp_path / "terms.json"
    file.write_bytes(msgspec.json.encode(TERMS))
    settings = Settings(database_url=stocked_url, checkout_terms=str(file))
    bank = DemoPayments(sqlite_engine, sleep=in_no_time)
    async with make_client(settings=settings, catalog=None, payments=bank) as client:
        yield client


async def test_a_country_that_is_left_out_is_refused_in_words(buyer: Buyer, client: Client) -> None:
    words = "We do not ship to France. Please choose another country."
    summary = await client.post("/checkout/summary", data={"country": "FR"}, headers=HTMX)
    assert error_in(summary, "country") == words
    reply = await client.post("/cart/checkout", data=BARE | {"country": "France"})
    assert reply.status_code == 422
    assert error_in(reply, "country") == words
    assert await buyer.states() == []
    assert (await client.post("/cart/checkout", data=BARE | {"country": "Germany"})).status_code == 303


async def test_a_collection_is_never_chosen_for_a_shopper(buyer: Buyer) -> None:
    page = await buyer.opens()
    assert "Place order · €42.90" in page.text
    assert "Collect in Hamburg" in page.text


async def test_a_tax_of_nothing_is_not_due_on_arrival(buyer: Buyer) -> None:
    page = await buyer.opens()
    assert "may be due on arrival" not in page.text
    assert "It includes VAT 0%: €0.00." in page.text


async def test_pages_with_shipping_prices_leave_out_where_the_shop_does_not_ship(buyer: Buyer, client: Client) -> None:
    for path in ("/help", "/product/tide-mug", "/cart"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "elsewhere" not in page.text

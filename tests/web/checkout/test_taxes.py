"""What taxes depend on: the class of goods, the state or province, the buyer's business."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.schema import variants
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.pricing.terms import TERMS
from shop.checkout.schema import order_lines
from shop.database import fetch, writing
from shop.settings import Settings
from tests.fixtures.buyer import BARE, Buyer, error_in, value_in
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, MakeClient, in_no_time

ROOT = Path(__file__).parents[3]
CANADA = {"country": "Canada", "zip_code": "H2X 1Y4", "city": "Montréal", "street_address": "1 Rue X"}


@pytest.fixture
async def client(
    make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine, tmp_path: Path
) -> AsyncIterator[Client]:
    """A shop that can charge businesses in the Union no VAT, and sells jugs at a reduced rate."""
    terms: dict[str, Any] = msgspec.json.decode(TERMS.read_bytes())
    terms["seller"] = {"vat_id": "DE136695976"}
    terms["taxes"][0]["reduced"] = {"DE": "7"}
    canada = msgspec.json.decode((ROOT / "docs" / "examples" / "terms-ca.json").read_bytes())
    terms["taxes"] = [*(each for each in terms["taxes"] if "CA" not in each["rates"]), *canada["taxes"]]
    file = tmp_path / "terms.json"
    file.write_bytes(msgspec.json.encode(terms))
    async with writing(sqlite_engine) as connection:
        await connection.execute(update(variants).where(variants.c.sku == "LAST-JUG").values(tax_class="reduced"))
    settings = Settings(database_url=stocked_url, checkout_terms=str(file))
    bank = DemoPayments(sqlite_engine, sleep=in_no_time)
    async with make_client(settings=settings, catalog=None, payments=bank) as client:
        yield client


def bill(text: str) -> dict[str, str]:
    return dict(re.findall(r'<div class="bill__row[^>]*><dt>([^<]*?)(?: <span.*?)?</dt><dd>([^<]*)</dd>', text))


async def test_goods_of_two_classes_have_two_rates(buyer: Buyer, sqlite_engine: AsyncEngine) -> None:
    await buyer.adds("last-jug")
    page = await buyer.opens()
    assert "It includes VAT 19%: €6.07 and VAT 7%: €2.75." in page.text
    assert (await buyer.orders(page)).status_code == 303
    rows = await fetch(sqlite_engine, select(order_lines).order_by(order_lines.c.position))
    assert [(row.sku, row.tax_class, row.tax) for row in rows] == [
        ("TIDE-MUG", "standard", 607),
        ("LAST-JUG", "reduced", 275),
    ]


async def test_the_province_decides_taxes_and_is_asked_for(buyer: Buyer, client: Client) -> None:
    page = await client.post("/checkout/summary", data={"country": "CA"}, headers=HTMX)
    assert "the taxes depend on your state or province" in page.text
    page = await client.post("/checkout/summary", data={"country": "CA", "state": "Québec"}, headers=HTMX)
    assert {name: row for name, row in bill(page.text).items() if "ST" in name} == {
        "GST 5%": "€2.65",
        "QST 9.975%": "€5.28",
    }
    for typed, words in (("", "Please enter the state or province"), ("Texas", "We do not know the state or province")):
        refused = await client.post("/cart/checkout", data=BARE | CANADA | {"state": typed})
        assert refused.status_code == 422
        assert error_in(refused, "state").startswith(words)
    assert (await client.post("/cart/checkout", data=BARE | CANADA | {"state": "quebec"})).status_code == 303
    assert await buyer.states() == ["paid"]


async def test_a_business_elsewhere_in_the_union_is_charged_no_vat_and_told_why(buyer: Buyer, client: Client) -> None:
    french = {"country": "France", "zip_code": "75001", "city": "Paris", "company": "Exemple SARL"}
    page = await buyer.opens()
    asked = await buyer.orders(page, **french, vat_id="fr 40 303 265 045", phone="+33 1 23 45 67 89")
    assert asked.status_code == 409
    assert "Reverse charge: no VAT is charged" in asked.text
    assert bill(asked.text)["Total"] == "€35.74"
    assert value_in(asked, "vat_id") == "fr 40 303 265 045"
    assert re.search(r'<details class="checkout__further" id="checkout-further" open>', asked.text)
    done = await buyer.orders(asked, **french, vat_id="fr 40 303 265 045", phone="+33 1 23 45 67 89")
    assert done.status_code == 303
    receipt = (await client.get(done.headers["location"], headers=NAVIGATION)).text
    for words in ("FR40303265045", "Exemple SARL", "Reverse charge", "+33 1 23 45 67 89", "€35.74"):
        assert words in receipt


@pytest.mark.parametrize("vat_id", ["DE123456789", "nonsense", "GB980780684"])
async def test_what_is_no_vat_id_of_the_union_is_refused(buyer: Buyer, vat_id: str) -> None:
    reply = await buyer.orders(await buyer.opens(), vat_id=vat_id)
    assert reply.status_code == 422
    assert error_in(reply, "vat_id").startswith("This is no VAT identification number")


async def test_an_own_vat_id_of_the_sellers_country_changes_nothing(buyer: Buyer) -> None:
    assert (await buyer.orders(await buyer.opens(), vat_id="DE136695976")).status_code == 303


async def test_further_fields_are_closed_until_they_are_needed(buyer: Buyer) -> None:
    assert '<details class="checkout__further" id="checkout-further">' in (await buyer.opens()).text


async def test_a_card_in_the_field_for_a_telephone_is_refused(buyer: Buyer) -> None:
    reply = await buyer.orders(await buyer.opens(), phone="4432 8015 6152 0454")
    assert reply.status_code == 422
    assert "looks like the number of a card" in error_in(reply, "phone")

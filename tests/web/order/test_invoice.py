"""The page of an invoice: who may see it, and what it says."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.schema import invoices
from shop.database import fetch
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop_app import NAVIGATION, Client


async def ordered(buyer: Buyer) -> str:
    """The path of a paid order."""
    reply = await buyer.orders(await buyer.opens(), company="Example Ltd", vat_id="FR40303265045")
    assert reply.status_code == 303
    return str(reply.headers["location"])


async def test_the_order_leads_to_its_invoice(buyer: Buyer, client: Client, sqlite_engine: AsyncEngine) -> None:
    page = await client.get(await ordered(buyer), headers=NAVIGATION)
    assert await fetch(sqlite_engine, select(invoices)) == [], "none is issued before it is asked for"
    (path,) = re.findall(r'href="(/order/\w+/invoice[^"]*)"', page.text)
    invoice = await client.get(path, headers=NAVIGATION)
    assert invoice.status_code == 200
    assert invoice.headers["cache-control"] == "no-store"
    number = re.findall(r'Invoice number</dt><dd class="figures">(\d{4}-00001)<', invoice.text)
    assert len(number) == 1
    for words in ("Neap, a demonstration shop", "Example Ltd", "FR40303265045", "€38.00", "VAT 19%", "€36.05", "€6.85"):
        assert words in invoice.text
    again = await client.get(path, headers=NAVIGATION | {"Accept-Language": "de"})
    assert "Rechnungsnummer" in again.text
    assert number[0] in again.text
    assert len(await fetch(sqlite_engine, select(invoices))) == 1


async def test_it_needs_the_key_of_the_order(buyer: Buyer, client: Client, sqlite_engine: AsyncEngine) -> None:
    path = (await ordered(buyer)).partition("?")[0]
    for address in (f"{path}/invoice", f"{path}/invoice?key=wrong", "/order/nonsense/invoice"):
        assert (await client.get(address, headers=NAVIGATION)).status_code == 404
    assert await fetch(sqlite_engine, select(invoices)) == []

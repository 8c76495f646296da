"""The page of an invoice: who may see it, and what it says."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.schema import invoices, order_refunds, orders
from shop.database import fetch, writing
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


async def test_a_refund_after_the_invoice_leads_to_its_credit_note(
    buyer: Buyer, client: Client, sqlite_engine: AsyncEngine
) -> None:
    path = await ordered(buyer)
    (invoice,) = re.findall(r'href="(/order/\w+/invoice[^"]*)"', (await client.get(path, headers=NAVIGATION)).text)
    assert (await client.get(invoice, headers=NAVIGATION)).status_code == 200
    number = path.removeprefix("/order/").partition("?")[0]
    refund = {"number": number, "position": 1, "amount": 1900, "skus": '{"TIDE-MUG":1}'}
    async with writing(sqlite_engine) as connection:
        await connection.execute(order_refunds.insert().values(refund | {"restocked": False, "done": True, "at": 0}))
        await connection.execute(orders.update().values(refunded=1900))
    (note,) = re.findall(r'href="(/order/\w+/credit-note/1[^"]*)"', (await client.get(path, headers=NAVIGATION)).text)
    page = await client.get(note, headers=NAVIGATION)
    assert page.status_code == 200
    assert re.search(r"C\d{4}-00001", page.text)
    for words in ("Credit note", "1 × Tide Mug", "€15.96", "€3.04", "Credited: €19.00", "Example Ltd"):
        assert words in page.text
    for wrong in (note.partition("?")[0], note.replace("/1?", "/2?"), note.replace("/1?", "/x?")):
        assert (await client.get(wrong, headers=NAVIGATION)).status_code == 404

"""The page of an invoice: who may see it, and what it says."""

from __future__ import annotations

import re
import sys
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.schema import invoices, order_refunds, orders
from shop.database import fetch, writing
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop_app import NAVIGATION, Client


async def ordered(buyer: Buyer, **form: str) -> str:
    """The path of a paid order."""
    reply = await buyer.orders(await buyer.opens(), company="Example Ltd", vat_id="FR40303265045", **form)
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


try:
    import weasyprint  # noqa: F401
except OSError:
    HAS_PANGO = False
else:
    HAS_PANGO = True
needs_pango = pytest.mark.skipif(not HAS_PANGO, reason="Pango, a library of the system that lays out PDF, is missing")


def words_of(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@needs_pango
@pytest.mark.parametrize("name", ["Jürgen Größe", "محمد عبد الله", "<b>&amp;</b> <img src='file:///etc/hostname'>"])
async def test_an_invoice_is_a_pdf_too(buyer: Buyer, client: Client, name: str) -> None:
    path = await ordered(buyer, name=name)
    (invoice,) = re.findall(r'href="(/order/\w+/invoice[^"]*)"', (await client.get(path, headers=NAVIGATION)).text)
    page = await client.get(invoice, headers=NAVIGATION)
    (link,) = re.findall(r'href="(/order/\w+/invoice\.pdf[^"]*)"', page.text)
    (number,) = re.findall(r"\d{4}-00001", page.text.partition("</title>")[0])
    pdf = await client.get(link, headers=NAVIGATION)
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.headers["cache-control"] == "no-store"
    assert pdf.headers["content-disposition"] == f"attachment; filename*=UTF-8''Invoice%20{number}.pdf"
    words = words_of(pdf.content)
    for each in (name, number, "Neap, a demonstration shop", "FR40303265045", "VAT 19%", "€36.05", "1 / 1"):
        assert each in words
    assert "Download" not in words


@needs_pango
async def test_a_pdf_speaks_the_language_of_its_reader(buyer: Buyer, client: Client) -> None:
    link = (await ordered(buyer)).replace("?", "/invoice.pdf?")
    german = await client.get(link, headers=NAVIGATION | {"Accept-Language": "de"})
    assert "Rechnungsnummer" in words_of(german.content)
    arabic = await client.get(link, headers=NAVIGATION | {"Accept-Language": "ar"})
    assert "رقم الفاتورة" in words_of(arabic.content)
    assert "1 Example Quay" in words_of(arabic.content), "a line in another script keeps its own order"


async def test_a_pdf_needs_the_key_of_the_order(buyer: Buyer, client: Client, sqlite_engine: AsyncEngine) -> None:
    path = (await ordered(buyer)).partition("?")[0]
    for address in (f"{path}/invoice.pdf", f"{path}/invoice.pdf?key=wrong", "/order/nonsense/invoice.pdf"):
        assert (await client.get(address, headers=NAVIGATION)).status_code == 404
    assert await fetch(sqlite_engine, select(invoices)) == []


async def test_where_no_pdf_can_be_made_the_page_says_so(
    buyer: Buyer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    reply = await client.get((await ordered(buyer)).replace("?", "/invoice.pdf?"), headers=NAVIGATION)
    assert reply.status_code == 503
    assert "Please print the page instead" in reply.text


class TestWithoutTheExtra:
    @pytest.fixture(autouse=True)
    def extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "weasyprint", None)

    async def test_there_is_no_link_and_no_file(self, buyer: Buyer, client: Client) -> None:
        path = await ordered(buyer)
        page = await client.get(path.replace("?", "/invoice?"), headers=NAVIGATION)
        assert page.status_code == 200
        assert "invoice.pdf" not in page.text
        assert (await client.get(path.replace("?", "/invoice.pdf?"), headers=NAVIGATION)).status_code == 404

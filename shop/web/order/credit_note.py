"""GET /order/{number}/credit-note/{refund}: the credit note of a refund, made for printing."""

from __future__ import annotations

from datetime import tzinfo

import msgspec
from litestar.params import FromPath

from shop.checkout.model import Order
from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.placing.credit_notes import CreditNote, CreditNotes
from shop.checkout.placing.orders import Orders
from shop.errors import NotFound
from shop.formatting import day_of
from shop.i18n import gettext as _
from shop.web.http.reply import NO_STORE, Reply, html
from shop.web.http.request import ShopRequest
from shop.web.order.invoice import InvoiceTax, date_of
from shop.web.render.storefront import Storefront
from shop.web.render.views import Shell


class CreditNoteView(msgspec.Struct, frozen=True):
    """The page of a credit note."""

    shell: Shell
    number: str
    date: str
    """ISO 8601, for <time>, as is invoice_date."""
    day: str
    invoice_number: str
    invoice_date: str
    invoice_day: str
    order_number: str
    order_path: str
    seller: tuple[str, ...]
    seller_vat_id: str
    seller_tax_number: str
    buyer: tuple[str, ...]
    buyer_vat_id: str
    items: tuple[str, ...]
    """'2 × Tide Mug'; empty if the refund is an amount."""
    taxes: tuple[InvoiceTax, ...]
    untaxed: str
    """Why no VAT is in it; '' if there is nothing to say."""
    total: str


class CreditNoteHandlers:
    """Handles the pages of credit notes, which open with the key of their order."""

    def __init__(self, site: Storefront, orders: Orders, credit_notes: CreditNotes) -> None:
        self._site = site
        self._orders = orders
        self._credit_notes = credit_notes

    async def show(self, request: ShopRequest, number: FromPath[str], refund: FromPath[int]) -> Reply:
        """GET /order/{number}/credit-note/{refund}?key=SECRET. Raises NotFound."""
        order = await self._orders.get(typed_number(number))
        if order is None or not order.opened_by(request.query_params.get("key", "")):
            raise NotFound("There is no credit note at this address.")
        note = await self._credit_notes.of(order, refund)
        title = _("Credit note {number}", number=note.number)
        shell = await self._site.shell(request, title, path=order.credit_note_path(refund))
        view = credit_note_view(order, note, shell, self._site.zone)
        return html(self._site.templates.render("order/credit_note.html", view, request.badge), cache=NO_STORE)


def credit_note_view(order: Order, note: CreditNote, shell: Shell, zone: tzinfo) -> CreditNoteView:
    """The view of a credit note. Days are those of a time zone."""
    quote, seller, credit = order.quote, note.invoice.seller, note.credit
    return CreditNoteView(
        shell=shell,
        number=note.number,
        date=date_of(note.issued_at, zone),
        day=day_of(note.issued_at, zone),
        invoice_number=note.invoice.number,
        invoice_date=date_of(note.invoice.issued_at, zone),
        invoice_day=day_of(note.invoice.issued_at, zone),
        order_number=grouped(order.number),
        order_path=order.path,
        seller=(seller.name, *seller.address),
        seller_vat_id=seller.vat_id,
        seller_tax_number=seller.tax_number,
        buyer=order.buyer.address.lines,
        buyer_vat_id=order.buyer.vat_id,
        items=tuple(f"{credit.skus[line.sku]} × {line.name}" for line in quote.lines if line.sku in credit.skus),
        taxes=tuple(
            InvoiceTax(tax.words, quote.money(tax.net).format(), quote.money(tax.amount).format())
            for tax in credit.taxes(order)
        ),
        untaxed=quote.totals.untaxed_words,
        total=quote.money(credit.amount).format(),
    )

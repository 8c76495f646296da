"""GET /order/{number}/invoice: the invoice of an order, made for printing; /order/{number}/invoice.pdf: as PDF."""

from __future__ import annotations

from datetime import datetime, tzinfo

import msgspec
from litestar.params import FromPath

from shop.checkout.model import Order, QuoteLine
from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.placing.invoices import Invoice, Invoices
from shop.checkout.placing.orders import Orders
from shop.errors import NotFound
from shop.formatting import day_of
from shop.i18n import content_options
from shop.i18n import gettext as _
from shop.web.checkout.summary_builder import summary_view
from shop.web.checkout.views import SummaryView
from shop.web.http.reply import NO_STORE, Reply, download, html
from shop.web.http.request import ShopRequest
from shop.web.render.pdf import PdfPrinter
from shop.web.render.storefront import Storefront
from shop.web.render.views import Shell


class InvoiceLine(msgspec.Struct, frozen=True):
    """A line of an invoice."""

    title: str
    variant: str
    quantity: int
    unit: str
    tax: str
    """Its tax, or why it has none."""
    total: str


class InvoiceTax(msgspec.Struct, frozen=True):
    """A tax of an invoice: 'VAT 19%', what is taxed without it, the tax."""

    name: str
    net: str
    amount: str


class InvoiceView(msgspec.Struct, frozen=True):
    """The page of an invoice."""

    shell: Shell
    number: str
    date: str
    """ISO 8601, for <time>, as is order_date."""
    day: str
    order_number: str
    order_date: str
    order_day: str
    order_path: str
    pdf_path: str
    """'' where no PDF can be made."""
    seller: tuple[str, ...]
    seller_vat_id: str
    seller_tax_number: str
    buyer: tuple[str, ...]
    buyer_vat_id: str
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[InvoiceTax, ...]
    summary: SummaryView
    payment: str


class InvoiceHandlers:
    """Handles the page of an invoice, which opens with the key of its order. Without `printer` there are no PDFs."""

    def __init__(self, site: Storefront, orders: Orders, invoices: Invoices, printer: PdfPrinter | None) -> None:
        self._site = site
        self._orders = orders
        self._invoices = invoices
        self._printer = printer

    async def show(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """GET /order/{number}/invoice?key=SECRET. Raises NotFound."""
        view = await self._view(request, number)
        return html(self._site.templates.render("order/invoice.html", view, request.badge), cache=NO_STORE)

    async def download(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """GET /order/{number}/invoice.pdf?key=SECRET. Raises NotFound and PdfUnavailable."""
        if self._printer is None:
            raise NotFound("There is no invoice at this address.")
        view = await self._view(request, number)
        pdf = await self._printer.pdf(self._site.templates.render("order/invoice_pdf.html", view))
        return download(pdf, "application/pdf", f"{view.shell.title}.pdf")

    async def _view(self, request: ShopRequest, number: str) -> InvoiceView:
        order = await self._orders.get(typed_number(number))
        if order is None or not order.opened_by(request.query_params.get("key", "")):
            raise NotFound("There is no invoice at this address.")
        invoice = await self._invoices.of(order)
        title = _("Invoice {number}", number=invoice.number)
        shell = await self._site.shell(request, title, path=order.invoice_path)
        return invoice_view(order, invoice, shell, self._site.zone, has_pdf=self._printer is not None)


def invoice_view(order: Order, invoice: Invoice, shell: Shell, zone: tzinfo, *, has_pdf: bool) -> InvoiceView:
    """The view of an invoice. Days are those of a time zone."""
    quote, seller = order.quote, invoice.seller
    return InvoiceView(
        shell=shell,
        number=invoice.number,
        date=date_of(invoice.issued_at, zone),
        day=day_of(invoice.issued_at, zone),
        order_number=grouped(order.number),
        order_date=date_of(order.created_at, zone),
        order_day=day_of(order.created_at, zone),
        order_path=order.path,
        pdf_path=order.invoice_pdf_path if has_pdf else "",
        seller=(seller.name, *seller.address),
        seller_vat_id=seller.vat_id,
        seller_tax_number=seller.tax_number,
        buyer=order.buyer.address.lines,
        buyer_vat_id=order.buyer.vat_id,
        lines=tuple(_line(line) for line in quote.lines),
        taxes=tuple(
            InvoiceTax(tax.words, quote.money(tax.net).format(), quote.money(tax.amount).format())
            for tax in quote.totals.all_taxes
        ),
        summary=summary_view(quote),
        payment=order.buyer.card or _("Nothing to pay"),
    )


def _line(line: QuoteLine) -> InvoiceLine:
    reasons = {"exempt": _("exempt"), "gift-card": _("Gift card, taxed when it is redeemed")}
    unit = line.unit
    return InvoiceLine(
        title=line.title,
        variant=content_options(line.variant),
        quantity=line.quantity,
        unit=unit.format(),
        tax=reasons.get(line.tax_class, msgspec.structs.replace(unit, amount=line.tax).format()),
        total=(unit * line.quantity).format(),
    )


def date_of(at: int, zone: tzinfo) -> str:
    """The day of a time (seconds since the epoch), ISO 8601."""
    return datetime.fromtimestamp(at, zone).date().isoformat()

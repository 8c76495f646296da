"""The URLs of orders."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.http.routing import page
from shop.web.order.credit_note import CreditNoteHandlers
from shop.web.order.invoice import InvoiceHandlers
from shop.web.order.order import OrderHandlers
from shop.web.order.own_orders import OwnOrders
from shop.web.render.pdf import PdfPrinter, has_pdf
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The receipt, invoice and credit notes, a browser's orders, and the look-up that leads to them."""
    own_orders = OwnOrders(parts.settings.secret_key, site.clock)
    order = OrderHandlers(site, parts.orders, parts.carts, parts.terms, parts.invoices, parts.credit_notes, own_orders)
    invoice = InvoiceHandlers(site, parts.orders, parts.invoices, PdfPrinter() if has_pdf() else None)
    credit_note = CreditNoteHandlers(site, parts.orders, parts.credit_notes)
    return [
        page("/order")(order.ask),
        post("/order")(order.find),
        page("/orders")(order.own),
        page("/order/{number:str}")(order.show),
        page("/order/{number:str}/invoice")(invoice.show),
        page("/order/{number:str}/invoice.pdf")(invoice.download),
        page("/order/{number:str}/credit-note/{refund:int}")(credit_note.show),
    ]

"""The URLs of orders."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.http.routing import page
from shop.web.order.invoice import InvoiceHandlers
from shop.web.order.order import OrderHandlers
from shop.web.order.own_orders import OwnOrders
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The receipt, the invoice, the list of a browser's orders, and the look-up that leads to them."""
    own_orders = OwnOrders(parts.settings.secret_key, site.clock)
    order = OrderHandlers(site, parts.orders, parts.carts, parts.terms, parts.invoices, own_orders)
    invoice = InvoiceHandlers(site, parts.orders, parts.invoices)
    return [
        page("/order")(order.ask),
        post("/order")(order.find),
        page("/orders")(order.own),
        page("/order/{number:str}")(order.show),
        page("/order/{number:str}/invoice")(invoice.show),
    ]

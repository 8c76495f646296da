"""The URLs of orders."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.http.routing import page
from shop.web.order.order import OrderHandlers
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The receipt, and the look-up that leads to it."""
    order = OrderHandlers(site, parts.orders, parts.carts, parts.terms)
    return [
        page("/order")(order.ask),
        post("/order")(order.find),
        page("/order/{number:str}")(order.show),
    ]

"""The URLs of checkout."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.checkout.payments.connect import is_demo
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.pricing.signed_quote import QuoteSigner
from shop.parts import Parts
from shop.web.checkout.checkout import CheckoutHandlers
from shop.web.checkout.payment import PaymentHandlers
from shop.web.checkout.place_order import PlaceOrderHandlers
from shop.web.checkout.replies import CheckoutReplies
from shop.web.checkout.submission import CheckoutSubmissions
from shop.web.http.routing import page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The routes of the form, of placing the order, and of the demo provider's page if that is the provider."""
    signer = QuoteSigner(parts.settings.secret_key, site.clock)
    replies = CheckoutReplies(site, signer)
    checkout = CheckoutHandlers(site, parts.ordering, replies)
    place_order = PlaceOrderHandlers(site, parts.ordering, CheckoutSubmissions(site, signer), replies)
    return [
        page("/checkout")(checkout.show),
        post("/checkout/summary")(checkout.summary),
        post("/checkout/check")(checkout.check),
        post("/cart/checkout")(place_order.place),
        *(_demo_routes(site, parts) if is_demo(parts.settings.payments_url) else ()),
    ]


def _demo_routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    payment = PaymentHandlers(site, DemoPayments(parts.database, site.clock), parts.orders, parts.ordering.place_order)
    return [page("/payment/{number:str}")(payment.ask), post("/payment/{number:str}")(payment.answer)]

"""The URLs of checkout."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.checkout.payments.connect import is_demo
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.pricing.signed_quote import QuoteSigner
from shop.parts import Parts
from shop.web.checkout.checkout import CheckoutHandlers
from shop.web.checkout.demo_card_fields import DEMO_CARD
from shop.web.checkout.fields import PaymentFields
from shop.web.checkout.payment import PaymentHandlers
from shop.web.checkout.payment_provider import ProviderHandlers
from shop.web.checkout.place_order import PlaceOrderHandlers
from shop.web.checkout.replies import CheckoutReplies
from shop.web.checkout.submission import CheckoutSubmissions
from shop.web.http.routing import page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The routes of the form, of placing the order, of the payment provider, and of the demo provider's page."""
    signer = QuoteSigner(parts.settings.secret_key, site.clock)
    payment = DEMO_CARD if is_demo(parts.settings.payments_url) else PaymentFields()
    replies = CheckoutReplies(site, signer, payment)
    checkout = CheckoutHandlers(site, parts.ordering, replies, payment)
    submissions = CheckoutSubmissions(site, signer, payment)
    place_order = PlaceOrderHandlers(site, parts.ordering, submissions, replies, payment)
    provider = ProviderHandlers(parts.payments.name, parts.orders, parts.ordering.place_order, parts.payment_events)
    return [
        page("/checkout")(checkout.show),
        post("/checkout/summary")(checkout.summary),
        post("/checkout/check")(checkout.check),
        post("/cart/checkout")(place_order.place),
        page("/payment/{number:str}/return")(provider.returned),
        post("/payments/{provider:str}/events")(provider.event),
        *(_demo_routes(site, parts) if is_demo(parts.settings.payments_url) else ()),
    ]


def _demo_routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    payment = PaymentHandlers(site, DemoPayments(parts.database, site.clock), parts.orders, parts.ordering.place_order)
    return [page("/payment/{number:str}")(payment.ask), post("/payment/{number:str}")(payment.answer)]

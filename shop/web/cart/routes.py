"""The URLs of the cart."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.cart.add import AddHandlers
from shop.web.cart.cart import CartHandlers
from shop.web.cart.coupon import CouponHandlers
from shop.web.cart.recommended import RecommendedHandlers
from shop.web.cart.replies import CartReplies
from shop.web.cart.returning_cart import ReturningCartNotice
from shop.web.cart.totals import CartPricing
from shop.web.catalog.product import ProductHandlers
from shop.web.http.routing import page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The cart's page, and every change of a cart."""
    carts, replies = parts.carts, replies_of(site, parts)
    add = AddHandlers(site, carts, replies, ProductHandlers(site, parts.terms, carts.limits))
    cart = CartHandlers(site, carts, replies, parts.ordering.reservations)
    coupon = CouponHandlers(site, carts, parts.coupons)
    return [
        page("/cart")(cart.show),
        post("/cart")(add.add),
        post("/cart/saved")(add.save),
        post("/cart/lines/{sku:str}")(cart.changing(cart.set_quantity)),
        post("/cart/lines/{sku:str}/remove")(cart.changing(cart.remove)),
        post("/cart/lines/{sku:str}/save")(cart.changing(cart.save)),
        post("/cart/saved/{sku:str}/move")(cart.changing(cart.move)),
        post("/cart/saved/{sku:str}/remove")(cart.changing(cart.remove_saved)),
        post("/cart/empty")(cart.changing(cart.empty)),
        post("/cart/undo")(cart.changing(cart.undo)),
        post("/cart/coupon")(cart.changing(coupon.use)),
        post("/cart/coupon/remove")(cart.changing(coupon.remove)),
        post("/cart/welcome")(cart.dismiss_returning),
        page("/recommended")(RecommendedHandlers(site).show),
    ]


def replies_of(site: Storefront, parts: Parts) -> CartReplies:
    """The replies that show a cart; the handoff uses them too."""
    pricing = CartPricing(parts.coupons, parts.terms, parts.rates)
    returning = ReturningCartNotice(site.sessions, parts.settings.cart_ttl)
    return CartReplies(site, pricing, parts.carts.limits, returning)

"""The URLs of the cart."""

from __future__ import annotations

from shop.parts import Parts
from shop.web.cart.add import AddHandlers
from shop.web.cart.cart import CartHandlers
from shop.web.cart.coupon import CouponHandlers
from shop.web.cart.recommended import RecommendedHandlers
from shop.web.cart.replies import CartReplies
from shop.web.cart.returning_cart import ReturningCartNotice
from shop.web.cart.totals import CartPricing
from shop.web.catalog.product import ProductHandlers
from shop.web.http.routing import Route, change, page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[Route]:
    """The cart page, and every change of a cart."""
    carts, replies = parts.carts, replies_of(site, parts)
    add = AddHandlers(site, carts, replies, ProductHandlers(site, parts.terms, carts.limits))
    cart, coupon = CartHandlers(site, carts, replies), CouponHandlers(site, carts, parts.coupons)
    return [
        page("/cart", cart.show),
        change("/cart", add.add),
        change("/cart/lines/{sku:str}", cart.changing(cart.set_quantity)),
        change("/cart/lines/{sku:str}/remove", cart.changing(cart.remove)),
        change("/cart/lines/{sku:str}/save", cart.changing(cart.save)),
        change("/cart/saved/{sku:str}/move", cart.changing(cart.move)),
        change("/cart/saved/{sku:str}/remove", cart.changing(cart.remove_saved)),
        change("/cart/empty", cart.changing(cart.empty)),
        change("/cart/undo", cart.changing(cart.undo)),
        change("/cart/coupon", cart.changing(coupon.use)),
        change("/cart/coupon/remove", cart.changing(coupon.remove)),
        change("/cart/welcome", cart.dismiss_returning),
        page("/recommended", RecommendedHandlers(site).show),
    ]


def replies_of(site: Storefront, parts: Parts) -> CartReplies:
    """The replies that show a cart; the handoff uses them too."""
    pricing = CartPricing(parts.coupons, parts.terms, parts.rates)
    returning = ReturningCartNotice(site.sessions, parts.settings.cart_ttl)
    return CartReplies(site, pricing, parts.carts.limits, returning)

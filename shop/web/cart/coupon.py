"""The coupon field of the cart: actions for CartHandlers.changing."""

from __future__ import annotations

from shop.cart.model import Cart, UseCoupon
from shop.cart.service import CartService
from shop.checkout.pricing.coupons import Coupons, coupon_code
from shop.errors import CouponRefused, InvalidInput
from shop.i18n import gettext as _
from shop.web.cart.cart import AnnouncedChange, CartRequest
from shop.web.cart.totals import goods_of
from shop.web.cart.views import CartView
from shop.web.render.storefront import Storefront


class CouponHandlers:
    """Puts a coupon into the cart if it applies there, and takes it out."""

    def __init__(self, site: Storefront, carts: CartService, coupons: Coupons) -> None:
        self._site = site
        self._carts = carts
        self._coupons = coupons

    async def use(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/coupon with code. Raises CouponRefused, InvalidInput for an empty cart, StoreUnavailable."""
        typed = cart_request.form.text("code")
        if not typed:
            raise CouponRefused("Please enter the coupon's code.")
        cart = await self._carts.get(cart_request.cart_id) if cart_request.cart_id else Cart("")
        if not cart.active:
            raise InvalidInput("Please add something to your cart first: a coupon is kept with it.")
        offers = await self._site.catalog.offers([line.sku for line in cart.active])
        prices = self._site.currencies.prices(cart_request.request.cookies.get("currency"))
        await self._coupons.check(typed, goods_of(cart, offers, prices), prices.currency, cart_request.at)
        return UseCoupon(cart_request.change_id, cart_request.at, coupon_code(typed)), _announce_used

    async def remove(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/coupon/remove."""
        return UseCoupon(cart_request.change_id, cart_request.at, ""), _announce_removed


def _announce_used(view: CartView) -> str:
    return view.coupon.message if view.coupon else _("The coupon is kept with your cart.")


def _announce_removed(_view: CartView) -> str:
    return _("The coupon was removed.")

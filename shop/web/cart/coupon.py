"""The coupon field of the cart: decisions for CartHandlers.changing."""

from __future__ import annotations

from shop.cart.model import Cart, UseCoupon
from shop.cart.service import CartService
from shop.checkout.pricing.coupons import Coupons, as_code
from shop.errors import CouponRefused, InvalidInput
from shop.i18n import gettext as _
from shop.web.cart.cart import Asked, Decision
from shop.web.cart.sums import goods_of
from shop.web.cart.views import CartView
from shop.web.render.storefront import Storefront


class CouponHandlers:
    """Takes coupons into the cart, if they count there, and out of it."""

    def __init__(self, site: Storefront, carts: CartService, coupons: Coupons) -> None:
        self._site = site
        self._carts = carts
        self._coupons = coupons

    async def use(self, asked: Asked) -> Decision:
        """POST /cart/coupon with code. Raises CouponRefused in words, and StoreUnavailable."""
        typed = asked.form.text("code")
        if not typed:
            raise CouponRefused("Please enter the coupon's code.")
        cart = await self._carts.get(asked.cart_id) if asked.cart_id else Cart("")
        if not cart.active:
            raise InvalidInput("Please put something into your cart first: a coupon is kept with it.")
        offers = await self._site.catalog.offers([line.sku for line in cart.active])
        prices = self._site.currencies.prices(asked.request.cookies.get("currency"))
        await self._coupons.check(typed, goods_of(cart, offers, prices).subtotal, asked.at)
        return UseCoupon(asked.id, asked.at, as_code(typed)), _used

    async def remove(self, asked: Asked) -> Decision:
        """POST /cart/coupon/remove."""
        return UseCoupon(asked.id, asked.at, ""), _taken_out


def _used(view: CartView) -> str:
    return view.coupon.words if view.coupon else _("The coupon is kept with your cart.")


def _taken_out(_view: CartView) -> str:
    return _("The coupon is taken out.")

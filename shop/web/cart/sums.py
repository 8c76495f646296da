"""What a cart comes to before shipping: the goods, what its coupon takes off, how far away free shipping is."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shop.cart.model import Cart
from shop.catalog.model import Offer
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.pricing.terms import Terms
from shop.checkout.pricing.totals import CouponTerms, discount_of
from shop.errors import CouponRefused, StoreUnavailable
from shop.i18n import content
from shop.i18n import gettext as _
from shop.money import Money, Rates
from shop.web.cart.views import CouponView, FreeShippingView
from shop.web.render.prices import Prices


class Goods(msgspec.Struct, frozen=True):
    """The active lines of a cart that are still sold, in one currency."""

    quantity: int
    subtotal: Money
    grams: int


class CartTotals(msgspec.Struct, frozen=True):
    """What a cart comes to."""

    goods: Goods
    coupon: CouponView | None = None
    shipping: FreeShippingView | None = None


def goods_of(cart: Cart, offers: Mapping[str, Offer], prices: Prices) -> Goods:
    """The goods of a cart; `offers` by sku, for each sku that is still sold."""
    sold = [(line.quantity, offers[line.sku]) for line in cart.active if line.sku in offers]
    return Goods(
        quantity=sum(quantity for quantity, _ in sold),
        subtotal=Money(sum(prices.convert(offer.price).amount * quantity for quantity, offer in sold), prices.currency),
        grams=sum(offer.weight * quantity for quantity, offer in sold),
    )


class CartPricing:
    """Works sums out. It asks the database for nothing but a coupon, and that not more often than Coupons does."""

    def __init__(self, coupons: Coupons, terms: Terms, rates: Rates) -> None:
        self._coupons = coupons
        self._terms = terms
        self._rates = rates

    @property
    def home(self) -> str:
        """The country of a shopper who has not named one."""
        return self._terms.home

    async def of(self, cart: Cart, offers: Mapping[str, Offer], prices: Prices, country: str, now: int) -> CartTotals:
        """What a cart comes to at `now` (seconds since the epoch) for a shopper in a country (its code)."""
        goods = goods_of(cart, offers, prices)
        if not goods.quantity:
            return CartTotals(goods)
        terms, refused = await self._terms_of(cart.coupon, goods.subtotal, now) if cart.coupon else (None, "")
        off = discount_of(terms, goods.subtotal.amount, lambda money: prices.convert(money).amount)
        left = Money(goods.subtotal.amount - off, prices.currency)
        coupon = _coupon_view(cart.coupon, terms, refused, off, left) if cart.coupon else None
        free = terms is not None and terms.free_shipping
        return CartTotals(goods, coupon, None if free else self._shipping(left, goods.grams, prices, country))

    async def _terms_of(self, code: str, subtotal: Money, now: int) -> tuple[CouponTerms | None, str]:
        """What a coupon gives, or why it counts nothing."""
        try:
            return await self._coupons.check(code, subtotal, now), ""
        except CouponRefused as error:
            return None, error.message
        except StoreUnavailable:
            return None, _("The coupon {code} cannot be looked up just now. It stays in your cart.", code=code)

    def _shipping(self, left: Money, grams: int, prices: Prices, country: str) -> FreeShippingView | None:
        """How far goods that come to so much are away from free shipping; None where there is none."""
        if not {self._terms.currency, prices.currency} <= self._rates.per_base.keys():
            return None
        zone = self._terms.zone(country)
        thresholds = [
            prices.convert(method.free_from).amount
            for method in zone.methods
            if method.free_from is not None and method.band(grams) is not None
        ]
        if not thresholds:
            return None
        goal = min(thresholds)
        words = _("The cheapest shipping to {zone} is free.", zone=content(zone.title))
        if left.amount < goal:
            more = Money(goal - left.amount, prices.currency).format()
            where = content(zone.title)
            words = _("{more} more, and the cheapest shipping to {zone} is free.", more=more, zone=where)
        return FreeShippingView(words, min(left.amount, goal), goal)


def _coupon_view(code: str, terms: CouponTerms | None, refused: str, off: int, left: Money) -> CouponView:
    if terms is None:
        return CouponView(code, refused, counts=False)
    discount = Money(off, left.currency).format()
    return CouponView(
        code=code,
        words=_gives(code, terms, discount),
        counts=True,
        discount=f"−{discount}" if off else "",
        left=left.format() if off else "",
    )


def _gives(code: str, terms: CouponTerms, discount: str) -> str:
    if not terms.free_shipping:
        return _("The coupon {code} takes {discount} off.", code=code, discount=discount)
    if not terms.percent and not terms.amount:
        return _("The coupon {code} makes the cheapest shipping free.", code=code)
    return _(
        "The coupon {code} takes {discount} off and makes the cheapest shipping free.", code=code, discount=discount
    )

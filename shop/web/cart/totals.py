"""Totals of a cart before shipping: its items, the coupon's discount, the distance to free shipping."""

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


class ItemTotals(msgspec.Struct, frozen=True):
    """Totals of the active lines that are still sold, in one currency."""

    quantity: int
    subtotal: Money
    grams: int


class CartTotals(msgspec.Struct, frozen=True):
    """Totals of a cart, made by CartPricing for `cart_view`. Without items it has neither coupon nor shipping."""

    items: ItemTotals
    coupon: CouponView | None = None
    shipping: FreeShippingView | None = None


def item_totals(cart: Cart, offers: Mapping[str, Offer], prices: Prices) -> ItemTotals:
    """Totals of the cart's items; `offers` by sku, for each sku that is still sold."""
    sold = [(line.quantity, offers[line.sku]) for line in cart.active if line.sku in offers]
    return ItemTotals(
        quantity=sum(quantity for quantity, _ in sold),
        subtotal=Money(sum(prices.convert(offer.price).amount * quantity for quantity, offer in sold), prices.currency),
        grams=sum(offer.weight * quantity for quantity, offer in sold),
    )


class CartPricing:
    """Computes the totals of carts for CartReplies. It queries nothing but the coupon, and Coupons caches those."""

    def __init__(self, coupons: Coupons, terms: Terms, rates: Rates) -> None:
        self._coupons = coupons
        self._terms = terms
        self._rates = rates

    @property
    def home_country(self) -> str:
        """Country code for a shopper whose country is unknown."""
        return self._terms.home

    async def totals(
        self, cart: Cart, offers: Mapping[str, Offer], prices: Prices, country: str, now: int
    ) -> CartTotals:
        """Totals of a cart at `now` (seconds since the epoch) for a shopper in a country (its code)."""
        items = item_totals(cart, offers, prices)
        if not items.quantity:
            return CartTotals(items)
        terms, refusal = await self._coupon_terms(cart.coupon, items.subtotal, now) if cart.coupon else (None, "")
        discount = discount_of(terms, items.subtotal.amount, lambda money: prices.convert(money).amount)
        discounted = Money(items.subtotal.amount - discount, prices.currency)
        coupon = _coupon_view(cart.coupon, terms, refusal, discount, discounted) if cart.coupon else None
        free = terms is not None and terms.free_shipping
        return CartTotals(items, coupon, None if free else self._shipping(discounted, items.grams, prices, country))

    async def _coupon_terms(self, code: str, subtotal: Money, now: int) -> tuple[CouponTerms | None, str]:
        """A coupon's terms and '', or None and the reason why the coupon does not apply."""
        try:
            return await self._coupons.check(code, subtotal, now), ""
        except CouponRefused as error:
            return None, error.message
        except StoreUnavailable:
            return None, _("The coupon {code} cannot be looked up just now. It stays in your cart.", code=code)

    def _shipping(self, discounted: Money, grams: int, prices: Prices, country: str) -> FreeShippingView | None:
        """How far an order of this value and weight is from free shipping; None where no method is ever free."""
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
        message = _("You have free delivery to {zone}.", zone=content(zone.title))
        if discounted.amount < goal:
            more = Money(goal - discounted.amount, prices.currency).format()
            zone_title = content(zone.title)
            message = _("{more} more for free delivery to {zone}.", more=more, zone=zone_title)
        return FreeShippingView(message, min(discounted.amount, goal), goal)


def _coupon_view(code: str, terms: CouponTerms | None, refusal: str, discount: int, discounted: Money) -> CouponView:
    if terms is None:
        return CouponView(code, refusal, applies=False)
    amount = Money(discount, discounted.currency).format()
    return CouponView(
        code=code,
        message=_coupon_message(code, terms, amount),
        applies=True,
        discount=f"−{amount}" if discount else "",
        discounted_subtotal=discounted.format() if discount else "",
    )


def _coupon_message(code: str, terms: CouponTerms, discount: str) -> str:
    if not terms.free_shipping:
        return _("The coupon {code} takes {discount} off.", code=code, discount=discount)
    if not terms.percent and not terms.amount:
        return _("The coupon {code} gives you free delivery.", code=code)
    return _("The coupon {code} takes {discount} off and gives you free delivery.", code=code, discount=discount)

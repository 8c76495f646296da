"""Makes a quote of a cart: what the shopper is shown before paying, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Literal, Protocol

import msgspec

from shop.cart.model import Cart
from shop.catalog.model import Offer
from shop.checkout.model import Quote, QuoteLine
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.pricing.terms import Terms
from shop.checkout.pricing.totals import CouponTerms, discount_of, shipping_prices, totals
from shop.errors import CouponRefused
from shop.i18n import gettext as _
from shop.money import Money, Rates


class Offers(Protocol):
    """The catalogue, as far as a quote asks it."""

    async def offers(self, skus: Iterable[str], holder: str = "") -> Mapping[str, Offer]:
        """Those of the skus that are sold, by sku; what is set aside for the holder is on sale to them.

        May raise StoreUnavailable.
        """

    def revalidate(self) -> None:
        """Something that it answered was out of date: it looks again as soon as it is asked."""


class Problem(msgspec.Struct, frozen=True):
    """Something that a shopper has to know before ordering.

    gone: a line is no longer sold and not part of the quote. short: there are only `available` pieces of a line, so
    that the order would be refused. coupon: the cart's coupon does not count.
    """

    kind: Literal["gone", "short", "coupon"]
    message: str
    sku: str = ""
    available: int = 0


class Shipping(msgspec.Struct, frozen=True):
    """A way of shipping that can be chosen, and its price in the shopper's currency."""

    id: str
    title: str
    price: Money


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A quote, what else could be chosen, and what stands in the way."""

    quote: Quote
    methods: tuple[Shipping, ...]
    """The cheapest first; the first one counts where none is chosen."""
    problems: tuple[Problem, ...]
    untaxed: bool
    """No tax is charged there, so that the shopper may owe tax and duties on arrival."""


class Quotes:
    """Makes quotes. `rates` are those that pages convert prices by; they know the currency of the terms."""

    def __init__(self, catalog: Offers, coupons: Coupons, terms: Terms, rates: Rates) -> None:
        self.terms = terms
        self._catalog = catalog
        self._coupons = coupons
        self._rates = rates

    async def quote(self, cart: Cart, currency: str, country_code: str = "", method: str = "", *, now: int) -> Quote:
        """The quote alone; see `propose`."""
        return (await self.propose(cart, currency, country_code, method, now=now)).quote

    async def propose(
        self,
        cart: Cart,
        currency: str,
        country_code: str = "",
        method: str = "",
        *,
        now: int,
        available: Mapping[str, int] | None = None,
        prices: Mapping[str, Money] | None = None,
    ) -> Proposal:
        """What the active lines of a cart come to today, for a country ('' for an unknown one) and a shipping method.

        `available`: pieces that this shopper can have by sku, as setting them aside has told; without it the
        catalogue's word counts, which may be some seconds old. `prices`: unit prices by sku that are known better than
        by a catalogue that answers from memory. A method that does not exist is the cheapest one. A cart with nothing
        to buy has a quote without lines. May raise StoreUnavailable.
        """
        if prices:
            self._catalog.revalidate()
        offers = _repriced(await self._catalog.offers([line.sku for line in cart.active], cart.id), prices or {})
        lines = [self._line(offers[line.sku], line.quantity, currency) for line in cart.active if line.sku in offers]
        problems = [_gone(line.sku) for line in cart.active if line.sku not in offers]
        problems += shortages(lines, _stock(offers) if available is None else available, offers)
        coupon, refused = await self._coupon(cart.coupon, _goods(lines, currency), now) if lines else (None, [])
        methods = self._methods(lines, coupon, currency, country_code)
        chosen = next((each for each in methods if each.id == method), methods[0] if methods else None)
        return Proposal(
            quote=self._quote(cart, lines, coupon, currency, country_code, chosen),
            methods=methods,
            problems=(*problems, *refused),
            untaxed=self.terms.tax(country_code) is None,
        )

    def _line(self, offer: Offer, quantity: int, currency: str) -> QuoteLine:
        return QuoteLine(
            sku=offer.sku,
            handle=offer.handle,
            title=offer.title,
            variant=offer.variant,
            quantity=quantity,
            price=offer.price,
            unit=self._rates.convert(offer.price, currency),
            weight=offer.weight,
        )

    async def _coupon(self, code: str, subtotal: Money, now: int) -> tuple[CouponTerms | None, list[Problem]]:
        try:
            return (await self._coupons.check(code, subtotal, now) if code else None), []
        except CouponRefused as error:
            return None, [Problem("coupon", error.message)]

    def _methods(
        self, lines: list[QuoteLine], coupon: CouponTerms | None, currency: str, country_code: str
    ) -> tuple[Shipping, ...]:
        if not lines:
            return ()
        worth = partial(self._worth, currency)
        goods = _goods(lines, currency).amount
        grams = sum(line.weight * line.quantity for line in lines)
        methods = self.terms.zone(country_code).methods
        priced = shipping_prices(methods, grams, goods - discount_of(coupon, goods, worth), coupon, worth)
        return tuple(Shipping(method.id, method.title, Money(price, currency)) for method, price in priced)

    def _quote(
        self,
        cart: Cart,
        lines: list[QuoteLine],
        coupon: CouponTerms | None,
        currency: str,
        country_code: str,
        shipping: Shipping | None,
    ) -> Quote:
        goods = [line.unit.amount * line.quantity for line in lines]
        discount = discount_of(coupon, sum(goods), partial(self._worth, currency))
        to_ship = shipping.price.amount if shipping else 0
        comes_to, shares = totals(goods, discount, to_ship, self.terms.tax(country_code))
        return Quote(
            cart_id=cart.id,
            revision=cart.revision,
            change=cart.latest_change.hex(),
            currency=currency,
            lines=tuple(msgspec.structs.replace(line, discount=off) for line, off in zip(lines, shares, strict=True)),
            coupon=cart.coupon if coupon else "",
            country_code=country_code,
            method=shipping.id if shipping else "",
            method_title=shipping.title if shipping else "",
            totals=comes_to,
        )

    def _worth(self, currency: str, money: Money) -> int:
        return self._rates.convert(money, currency).amount


def shortages(lines: Iterable[QuoteLine], available: Mapping[str, int], offers: Mapping[str, Offer]) -> list[Problem]:
    """The lines that want more pieces than there are; a sku that is not in `available` has no limit."""
    return [
        _short(line, max(0, available[line.sku]), offers[line.sku].reserved)
        for line in lines
        if line.sku in available and available[line.sku] < line.quantity
    ]


def _goods(lines: Iterable[QuoteLine], currency: str) -> Money:
    return Money(sum(line.unit.amount * line.quantity for line in lines), currency)


def _short(line: QuoteLine, available: int, reserved: int) -> Problem:
    if available:
        message = _(
            "Only {available} of {name} left, and you want {wanted}. Please change your cart.",
            available=available,
            name=line.name,
            wanted=line.quantity,
        )
    elif reserved:
        message = _(
            "The last of {name} are at another checkout, and may come back. Please change your cart.", name=line.name
        )
    else:
        message = _("{name} is sold out. Please change your cart.", name=line.name)
    return Problem("short", message, line.sku, available)


def _gone(sku: str) -> Problem:
    return Problem("gone", _("We no longer sell {sku}. It is not part of your order.", sku=sku), sku)


def _repriced(offers: Mapping[str, Offer], prices: Mapping[str, Money]) -> Mapping[str, Offer]:
    today = {sku: msgspec.structs.replace(offers[sku], price=price) for sku, price in prices.items() if sku in offers}
    return {**offers, **today} if today else offers


def _stock(offers: Mapping[str, Offer]) -> dict[str, int]:
    return {sku: offer.stock for sku, offer in offers.items() if offer.stock is not None}

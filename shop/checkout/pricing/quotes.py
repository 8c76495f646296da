"""Quotes a cart: what it costs, how it can be shipped, and why it cannot be ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Literal, Protocol

import msgspec

from shop.cart.model import Cart
from shop.catalog.model import Offer
from shop.checkout.model import Discount, Quote, QuoteLine
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.discounts import Goods, discounts
from shop.checkout.pricing.taxes import TaxCase, without_tax
from shop.checkout.pricing.terms import Terms
from shop.checkout.pricing.totals import shipping_prices, totals
from shop.i18n import gettext as _
from shop.money import Money, Rates, half_up


class Offers(Protocol):
    """The part of the catalogue that quotes need."""

    async def offers(self, skus: Iterable[str], holder: str = "") -> Mapping[str, Offer]:
        """The offers of those skus that are sold, by sku. Units reserved for the holder count as on sale.

        May raise StoreUnavailable.
        """

    def revalidate(self) -> None:
        """Check for changes with the next call: a result was out of date."""


class QuoteProblem(msgspec.Struct, frozen=True):
    """A problem of the cart that the shopper has to know before ordering.

    gone: a line is no longer sold and not part of the quote. short: only `available` units of a line are left, so the
    order would be refused. coupon: the cart's coupon is not applied.
    """

    kind: Literal["gone", "short", "coupon"]
    message: str
    sku: str = ""
    available: int = 0


class ShippingOption(msgspec.Struct, frozen=True):
    """A shipping method that can be chosen, and its price in the shopper's currency."""

    id: str
    title: str
    price: Money
    collection: bool = False


class QuoteResult(msgspec.Struct, frozen=True, kw_only=True):
    """A quote with the available shipping options and the problems of the cart."""

    quote: Quote
    methods: tuple[ShippingOption, ...]
    """The cheapest first, which is the default unless it is a collection. Empty where the shop does not ship to."""
    problems: tuple[QuoteProblem, ...]
    region_missing: bool = False
    """Whether taxes depend on a state or province that is not known."""

    @property
    def untaxed(self) -> bool:
        """Whether no tax is charged for the country, so that tax and duties may be due on arrival."""
        return self.quote.totals.untaxed == "abroad"


class Applied(msgspec.Struct, frozen=True):
    """The rules that apply to a cart, and what each takes off each line, in minor units."""

    rules: list[Coupon]
    shares: list[list[int]]

    @property
    def total(self) -> int:
        """All discounts together."""
        return sum(map(sum, self.shares))

    @property
    def free_shipping(self) -> bool:
        """Whether one of them makes the cheapest shipping free."""
        return any(rule.terms.free_shipping for rule in self.rules)

    @property
    def coupon(self) -> str:
        """The code that the shopper has given, if it applies; else ''."""
        return next((rule.code for rule in self.rules if not rule.terms.automatic), "")

    @property
    def discounts(self) -> tuple[Discount, ...]:
        """What each takes off, in their order."""
        return tuple(
            Discount(rule.code, rule.terms.title, sum(shares))
            for rule, shares in zip(self.rules, self.shares, strict=True)
        )

    def by_line(self, lines: Sequence[object]) -> list[int]:
        """The discount of each line."""
        return [sum(shares[place] for shares in self.shares) for place in range(len(lines))]


class Quotes:
    """Quotes carts. `rates` are those of the pages, and include the currency of the terms. shop.parts makes one."""

    def __init__(self, catalog: Offers, coupons: Coupons, terms: Terms, rates: Rates) -> None:
        self.terms = terms
        self._catalog = catalog
        self._coupons = coupons
        self._rates = rates

    async def quote(self, cart: Cart, currency: str, country_code: str = "", method: str = "", *, now: int) -> Quote:
        """The quote of a cart, without options and problems; see `calculate`."""
        return (await self.calculate(cart, currency, country_code, method, now=now)).quote

    async def calculate(
        self,
        cart: Cart,
        currency: str,
        country_code: str = "",
        method: str = "",
        *,
        now: int,
        region: str = "",
        vat_id: str = "",
        available: Mapping[str, int] | None = None,
        prices: Mapping[str, Money] | None = None,
    ) -> QuoteResult:
        """Quote the active lines of a cart at current prices, for a country ('' if unknown) and a shipping method.

        `region` (ISO 3166-2) and `vat_id`, of a business, decide taxes. `available`: quantities by sku that this
        shopper can have, known from a reservation; by default those of the catalogue, which may be some seconds old.
        `prices`: unit prices by sku that are newer than those in the catalogue's cache. An unknown method means the
        cheapest. A cart with nothing to buy gives a quote without lines.
        May raise StoreUnavailable.
        """
        if prices:
            self._catalog.revalidate()
        offers = _repriced(await self._catalog.offers([line.sku for line in cart.active], cart.id), prices or {})
        region = region if self.terms.needs_region(country_code) else ""
        case = self.terms.tax_case(country_code, region, vat_id)
        lines = [
            self._line(offers[line.sku], line.quantity, currency, case) for line in cart.active if line.sku in offers
        ]
        problems = [_no_longer_sold(line.sku) for line in cart.active if line.sku not in offers]
        problems += shortages(lines, _stock(offers) if available is None else available, offers)
        goods = [_goods(line, offers[line.sku]) for line in lines]
        listed = goods
        if not self.terms.zone(country_code).net:
            pairs = zip(lines, goods, strict=True)
            listed = [self._as_listed(each, offers[line.sku], currency) for line, each in pairs]
        rules, coupon_problems = await self._rules(cart.coupon, listed, currency, now)
        to_minor = partial(self._convert, currency)
        applied = Applied(rules, discounts([rule.terms for rule in rules], goods, to_minor))
        worth = worth_as_listed(goods, listed, applied.total)
        methods = self._methods(lines, worth, applied, currency, country_code, case)
        chosen = next((each for each in methods if each.id == method), _default(methods))
        return QuoteResult(
            quote=self._quote(cart, lines, applied, currency, (country_code, region), chosen, case),
            methods=methods,
            problems=(*problems, *coupon_problems),
            region_missing=not region and self.terms.needs_region(country_code),
        )

    def _as_listed(self, goods: Goods, offer: Offer, currency: str) -> Goods:
        """Goods at the price of the catalogue, with taxes that a business abroad does not pay: thresholds have them."""
        return msgspec.structs.replace(goods, unit=self._rates.convert(offer.price, currency).amount)

    def _line(self, offer: Offer, quantity: int, currency: str, case: TaxCase) -> QuoteLine:
        gross = self._rates.convert(offer.price, currency)
        return QuoteLine(
            sku=offer.sku,
            handle=offer.handle,
            title=offer.title,
            variant=offer.variant,
            quantity=quantity,
            price=offer.price,
            unit=Money(case.net(gross.amount, offer.tax_class), currency),
            weight=offer.weight,
            tax_class=offer.tax_class,
        )

    async def _rules(
        self, code: str, goods: list[Goods], currency: str, now: int
    ) -> tuple[list[Coupon], list[QuoteProblem]]:
        if not goods:
            return [], []
        rules, refused = await self._coupons.rules(code, goods, currency, now)
        return rules, [QuoteProblem("coupon", refused.message)] if refused else []

    def _methods(
        self, lines: list[QuoteLine], worth: int, applied: Applied, currency: str, country_code: str, case: TaxCase
    ) -> tuple[ShippingOption, ...]:
        if not lines:
            return ()
        to_minor = partial(self._convert, currency)
        grams = sum(line.weight * line.quantity for line in lines)
        methods = self.terms.zone(country_code).methods
        priced = shipping_prices(methods, grams, worth, to_minor, free=applied.free_shipping)
        return tuple(
            ShippingOption(
                method.id,
                method.title,
                Money(without_tax(price, case.shipping_excess), currency),
                method.collection,
            )
            for method, price in priced
        )

    def _quote(
        self,
        cart: Cart,
        lines: list[QuoteLine],
        applied: Applied,
        currency: str,
        place: tuple[str, str],
        shipping: ShippingOption | None,
        case: TaxCase,
    ) -> Quote:
        goods = [(line.tax_class, line.unit.amount * line.quantity) for line in lines]
        amounts, taxes = totals(goods, applied.by_line(lines), shipping.price.amount if shipping else 0, case)
        return Quote(
            cart_id=cart.id,
            revision=cart.revision,
            change=cart.latest_change.hex(),
            currency=currency,
            lines=tuple(
                msgspec.structs.replace(line, discount=discount, tax=tax)
                for line, discount, tax in zip(lines, applied.by_line(lines), taxes, strict=True)
            ),
            coupon=applied.coupon,
            discounts=applied.discounts,
            country_code=place[0],
            region=place[1],
            method=shipping.id if shipping else "",
            method_title=shipping.title if shipping else "",
            totals=amounts,
        )

    def _convert(self, currency: str, money: Money) -> int:
        return self._rates.convert(money, currency).amount


def shortages(
    lines: Iterable[QuoteLine], available: Mapping[str, int], offers: Mapping[str, Offer]
) -> list[QuoteProblem]:
    """A problem for each line that exceeds the available quantity; a sku missing in `available` has no limit."""
    return [
        _shortage(line, max(0, available[line.sku]), offers[line.sku].reserved)
        for line in lines
        if line.sku in available and available[line.sku] < line.quantity
    ]


def worth_as_listed(goods: Sequence[Goods], listed: Sequence[Goods], discount: int) -> int:
    """What goods are worth less a discount, at the prices to which thresholds apply."""
    before, paid = (sum(each.unit * each.quantity for each in some) for some in (listed, goods))
    return half_up(before * (paid - discount), paid) if paid else 0


def _goods(line: QuoteLine, offer: Offer) -> Goods:
    return Goods(handle=line.handle, categories=offer.categories, unit=line.unit.amount, quantity=line.quantity)


def _shortage(line: QuoteLine, available: int, reserved: int) -> QuoteProblem:
    if available:
        message = _(
            "Only {available} of {name} left, and you want {wanted}. Please change your cart.",
            available=available,
            name=line.name,
            wanted=line.quantity,
        )
    elif reserved:
        message = _(
            "The last of {name} are reserved for another order, and may come back. Please change your cart.",
            name=line.name,
        )
    else:
        message = _("{name} is sold out. Please change your cart.", name=line.name)
    return QuoteProblem("short", message, line.sku, available)


def _no_longer_sold(sku: str) -> QuoteProblem:
    return QuoteProblem("gone", _("We no longer sell {sku}. It is not part of your order.", sku=sku), sku)


def _repriced(offers: Mapping[str, Offer], prices: Mapping[str, Money]) -> Mapping[str, Offer]:
    repriced = {
        sku: msgspec.structs.replace(offers[sku], price=price) for sku, price in prices.items() if sku in offers
    }
    return {**offers, **repriced} if repriced else offers


def _default(methods: tuple[ShippingOption, ...]) -> ShippingOption | None:
    """The cheapest method that is delivered; a collection only where there is nothing else."""
    return next((method for method in methods if not method.collection), methods[0] if methods else None)


def _stock(offers: Mapping[str, Offer]) -> dict[str, int]:
    return {sku: offer.stock for sku, offer in offers.items() if offer.stock is not None}

"""Calculates the totals of a quote. Pure: integers in minor units of the shopper's currency.

Rounding: a percentage is calculated exactly and rounded once, half away from zero, as in shop.money (Council Regulation
(EC) No 1103/97, article 5); taxes as in shop.checkout.pricing.taxes. Amounts in the catalogue's currency are converted
to the shopper's one by one and added afterwards, so that sums are exact in every currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from shop.catalog.model import TaxClass
from shop.checkout.model import Totals
from shop.checkout.pricing.taxes import TaxCase, taxed
from shop.money import Money, half_up

BASIS_POINTS = 10_000
"""Basis points: 10,000 are 100%."""

ToMinorUnits = Callable[[Money], int]
"""Converts an amount to minor units of the shopper's currency. Must be monotonic."""


class CouponTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The benefit and the conditions of a coupon. Raises ValueError for one without benefit, or of more than 100%."""

    percent: int = 0
    """Discount on the goods in basis points: 1000 for 10%."""
    amount: Money | None = None
    """Discount on the goods, instead of a percentage."""
    free_shipping: bool = False
    """Whether the cheapest shipping method that is no collection is free; the others keep their price."""
    minimum: Money | None = None
    """The smallest subtotal to which it applies; both with taxes where the zone's prices have them."""
    starts: int = 0
    """Seconds since the epoch, inclusive."""
    ends: int | None = None
    """Seconds since the epoch, exclusive."""
    per_shopper: int | None = None
    """Maximum orders of one shopper with it."""
    products: tuple[str, ...] = ()
    """Handles of the products that it is for."""
    categories: tuple[str, ...] = ()
    """Titles of the categories that it is for, in any case. It is for all goods if neither is given."""
    buy: int = 0
    """Of `buy` + `get` units, the percentage is taken off `get` units, the cheapest; 0 for all units."""
    get: int = 0
    first_order: bool = False
    """Whether it is only for an e-mail address without an earlier order."""
    automatic: bool = False
    """Whether it applies without a code."""
    title: str = ""
    """What shoppers read of an automatic one: '3 for 2 on mugs'."""

    def __post_init__(self) -> None:
        if bool(self.percent) + bool(self.amount) > 1 or not (self.percent or self.amount or self.free_shipping):
            raise ValueError("a coupon gives a percentage or an amount, or free shipping, or free shipping with one")
        if not 0 <= self.percent <= BASIS_POINTS:
            raise ValueError("a coupon gives from 0% to 100%")
        if any(money and money.amount <= 0 for money in (self.amount, self.minimum)):
            raise ValueError("amounts of a coupon are more than 0")
        if self.per_shopper is not None and self.per_shopper < 1:
            raise ValueError("a coupon is for at least one order of a shopper")
        if bool(self.buy) != bool(self.get) or (self.get and not self.percent) or min(self.buy, self.get) < 0:
            raise ValueError(
                "a coupon that reduces some of several units says how many to buy, how many of them, and a percentage"
            )
        if self.automatic and (self.per_shopper is not None or self.first_order or not self.title):
            raise ValueError("an automatic coupon has a title, and no limit for each shopper")


class Band(msgspec.Struct, frozen=True):
    """The shipping price up to a weight of `up_to` grams, inclusive; None for any weight."""

    price: Money
    up_to: int | None = None


class ShippingMethod(msgspec.Struct, frozen=True, kw_only=True):
    """A shipping method. Its bands ascend in weight and never descend in price; otherwise raises ValueError."""

    id: str
    title: str
    bands: tuple[Band, ...]
    free_from: Money | None = None
    """Shipping is free from this value of goods less the discount, with taxes where the zone's prices have them."""
    collection: bool = False
    """Whether the shopper fetches the goods: such a method is never chosen for them."""
    days: tuple[int, int] | None = None
    """How many working days a parcel takes, at least and at most; None if nothing is promised."""

    def __post_init__(self) -> None:
        limits = [band.up_to for band in self.bands if band.up_to is not None]
        prices = [band.price.amount for band in self.bands]
        if not prices or any(band.up_to is None for band in self.bands[:-1]):
            raise ValueError("a shipping method needs bands of weight; only the last may be without an end")
        if limits != sorted(set(limits)) or prices != sorted(prices) or prices[0] < 0:
            raise ValueError("bands of weight go up in weight, and not down in price")
        if self.days is not None and not 0 <= self.days[0] <= self.days[1]:
            raise ValueError("days are two numbers of working days: at least, at most")

    def band(self, grams: int) -> Band | None:
        """The band of a weight; None if the method does not carry it."""
        return next((band for band in self.bands if band.up_to is None or grams <= band.up_to), None)


def discount_of(coupon: CouponTerms | None, subtotal: int, to_minor: ToMinorUnits) -> int:
    """The discount of a coupon, at most the subtotal."""
    if coupon is None:
        return 0
    discount = to_minor(coupon.amount) if coupon.amount else half_up(subtotal * coupon.percent, BASIS_POINTS)
    return min(discount, subtotal)


def shipping_prices(
    methods: Iterable[ShippingMethod], grams: int, goods: int, to_minor: ToMinorUnits, *, free: bool
) -> list[tuple[ShippingMethod, int]]:
    """The methods that carry this weight with their prices, the cheapest first. `goods` is less the discount.

    `free`: whether a coupon makes the cheapest free.

    With the same method, adding goods raises the price only through a heavier band, and lowers it only through
    `free_from`.
    """
    found = []
    for method in methods:
        band = method.band(grams)
        if band is not None:
            reached = method.free_from is not None and goods >= to_minor(method.free_from)
            found.append((method, 0 if reached else to_minor(band.price)))
    found.sort(key=lambda priced: priced[1])
    if free:
        found = _with_cheapest_free(found)
    return found


def _with_cheapest_free(found: list[tuple[ShippingMethod, int]]) -> list[tuple[ShippingMethod, int]]:
    """The methods with the cheapest that is delivered for nothing; of collections only where there is nothing else."""
    chosen = next((method for method, _ in found if not method.collection), found[0][0] if found else None)
    return sorted(((method, 0 if method is chosen else price) for method, price in found), key=lambda priced: priced[1])


def totals(
    goods: Sequence[tuple[TaxClass, int]], discounts: Sequence[int], shipping: int, case: TaxCase
) -> tuple[Totals, list[int]]:
    """The totals of lines of goods (their tax classes, prices and discounts), and the taxes of each line."""
    subtotal, discount = sum(price for _, price in goods), sum(discounts)
    reduced = [(tax_class, price - share) for (tax_class, price), share in zip(goods, discounts, strict=True)]
    found = taxed(reduced, shipping, case)
    tax = sum(each.amount for each in found.taxes)
    taxable = subtotal - discount + shipping
    whole = Totals(
        subtotal=subtotal,
        discount=discount,
        shipping=shipping,
        tax=tax,
        tax_included=case.included and bool(found.taxes),
        tax_name=" + ".join(each.title for each in found.taxes),
        total=taxable if case.included else taxable + tax,
        taxes=found.taxes,
        untaxed=case.untaxed,
        law=case.law,
    )
    return whole, found.lines

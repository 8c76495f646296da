"""What a quote comes to. Pure: integers in, integers out, all in minor units of the shopper's currency.

Rounding: a percentage is computed exactly, and rounded once, half away from zero: the rule of shop.money (Council
Regulation (EC) No 1103/97, article 5). A tax is rounded once for the whole order, not line by line: European law leaves
that to the Member States (Court of Justice, 10 July 2008, C-484/06, Koninklijke Ahold), and once makes the smaller
error. Amounts that are agreed in the catalogue's currency are converted to the shopper's first, each by itself; sums
are taken afterwards, so that they hold in every currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from shop.checkout.model import Totals
from shop.money import Money

WHOLE = 10_000
"""Basis points: 10,000 are 100%."""

Worth = Callable[[Money], int]
"""What an amount is worth in minor units of the shopper's currency. It never turns a larger amount into a smaller."""


class CouponTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a coupon gives, and to whom. Raises ValueError for one that gives nothing, or more than there is."""

    percent: int = 0
    """Basis points off the goods: 1000 for 10%."""
    amount: Money | None = None
    """Off the goods, instead of a percentage."""
    free_shipping: bool = False
    """Whether the cheapest way of shipping is free; the price of dearer ones stays."""
    minimum: Money | None = None
    """The subtotal from which it counts."""
    starts: int = 0
    """Seconds since the epoch, inclusive."""
    ends: int | None = None
    """Seconds since the epoch, exclusive."""
    per_shopper: int | None = None
    """How many orders of one shopper may have it."""

    def __post_init__(self) -> None:
        if bool(self.percent) + bool(self.amount) > 1 or not (self.percent or self.amount or self.free_shipping):
            raise ValueError("a coupon gives a percentage or an amount, or free shipping, or free shipping with one")
        if not 0 <= self.percent <= WHOLE:
            raise ValueError("a coupon gives from 0% to 100%")
        if any(money and money.amount <= 0 for money in (self.amount, self.minimum)):
            raise ValueError("amounts of a coupon are more than 0")
        if self.per_shopper is not None and self.per_shopper < 1:
            raise ValueError("a coupon is for at least one order of a shopper")


class Band(msgspec.Struct, frozen=True):
    """What shipping costs up to so many grams, inclusive; None: whatever the weight."""

    price: Money
    up_to: int | None = None


class ShippingMethod(msgspec.Struct, frozen=True, kw_only=True):
    """A way of shipping; its bands go up in weight and never down in price. Raises ValueError where they do not."""

    id: str
    title: str
    bands: tuple[Band, ...]
    free_from: Money | None = None
    """It is free where the goods, less the discount, come to as much."""

    def __post_init__(self) -> None:
        limits = [band.up_to for band in self.bands if band.up_to is not None]
        prices = [band.price.amount for band in self.bands]
        if not prices or any(band.up_to is None for band in self.bands[:-1]):
            raise ValueError("a shipping method needs bands of weight; only the last may be without an end")
        if limits != sorted(set(limits)) or prices != sorted(prices) or prices[0] < 0:
            raise ValueError("bands of weight go up in weight, and not down in price")

    def band(self, grams: int) -> Band | None:
        """The band of a weight; None for one that it does not carry."""
        return next((band for band in self.bands if band.up_to is None or grams <= band.up_to), None)


class TaxRule(msgspec.Struct, frozen=True, kw_only=True):
    """A tax on goods (less the discount) and on shipping."""

    name: str
    """'VAT'."""
    rate: int
    """Basis points."""
    included: bool
    """Whether prices contain it; else it is added to them."""

    @property
    def title(self) -> str:
        """'VAT 25.5%'."""
        return f"{self.name} {self.rate / 100:g}%"

    def of(self, amount: int) -> int:
        """How much of an amount it is, where it is included; else how much comes on top of it."""
        return _half_up(amount * self.rate, WHOLE + self.rate if self.included else WHOLE)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights (each at least 0) by the largest remainder: parts add up to it exactly.

    Each part is its exact share, rounded down or up; the earlier one is rounded up where remainders are equal. The
    method is Alexander Hamilton's of 1792 (M. L. Balinski and H. P. Young, Fair Representation, 1982). No part is more
    than its weight where the amount is not more than all of them. Raises ValueError where there is nothing to split by.
    """
    whole = sum(weights)
    if not amount:
        return [0] * len(weights)
    if amount < 0 or whole <= 0:
        raise ValueError(f"cannot split {amount} in proportion to {list(weights)}")
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def discount_of(coupon: CouponTerms | None, subtotal: int, worth: Worth) -> int:
    """What a coupon takes off the goods: never more than they cost."""
    if coupon is None:
        return 0
    off = worth(coupon.amount) if coupon.amount else _half_up(subtotal * coupon.percent, WHOLE)
    return min(off, subtotal)


def shipping_prices(
    methods: Iterable[ShippingMethod], grams: int, goods: int, coupon: CouponTerms | None, worth: Worth
) -> list[tuple[ShippingMethod, int]]:
    """The methods that carry this weight with their prices, the cheapest first; `goods`: less the discount.

    More goods never cost more shipping by the same method, but for a heavier band; nor less, but for `free_from`.
    """
    found = []
    for method in methods:
        band = method.band(grams)
        if band is not None:
            free = method.free_from is not None and goods >= worth(method.free_from)
            found.append((method, 0 if free else worth(band.price)))
    found.sort(key=lambda priced: priced[1])
    if found and coupon is not None and coupon.free_shipping:
        found[0] = (found[0][0], 0)
    return found


def totals(goods: Sequence[int], discount: int, shipping: int, tax: TaxRule | None) -> tuple[Totals, list[int]]:
    """What lines of goods come to, and the share of the discount that each of them has."""
    subtotal = sum(goods)
    taxed = subtotal - discount + shipping
    owed = tax.of(taxed) if tax else 0
    included = tax is not None and tax.included
    found = Totals(
        subtotal=subtotal,
        discount=discount,
        shipping=shipping,
        tax=owed,
        tax_included=included,
        tax_name=tax.title if tax else "",
        total=taxed if included else taxed + owed,
    )
    return found, allocate(discount, goods)


def _half_up(numerator: int, denominator: int) -> int:
    """The fraction (at least 0) rounded to a whole number, half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)

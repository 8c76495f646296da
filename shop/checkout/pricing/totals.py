"""Calculates the totals of a quote. Pure: integers in minor units of the shopper's currency.

Rounding: a percentage is calculated exactly and rounded once, half away from zero, as in shop.money (Council Regulation
(EC) No 1103/97, article 5). A tax is rounded once for the whole order, not per line: European law leaves the choice to
the Member States (Court of Justice, 10 July 2008, C-484/06, Koninklijke Ahold), and one rounding makes the smaller
error. Amounts in the catalogue's currency are converted to the shopper's one by one and added afterwards, so that sums
are exact in every currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from shop.checkout.model import Totals
from shop.money import Money

BASIS_POINTS = 10_000
"""Basis points: 10,000 are 100%."""

TAX_UNITS = 100_000
"""Thousandths of a percent in 100%: rates of tax have up to three decimals."""

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
    """The smallest subtotal to which it applies."""
    starts: int = 0
    """Seconds since the epoch, inclusive."""
    ends: int | None = None
    """Seconds since the epoch, exclusive."""
    per_shopper: int | None = None
    """Maximum orders of one shopper with it."""

    def __post_init__(self) -> None:
        if bool(self.percent) + bool(self.amount) > 1 or not (self.percent or self.amount or self.free_shipping):
            raise ValueError("a coupon gives a percentage or an amount, or free shipping, or free shipping with one")
        if not 0 <= self.percent <= BASIS_POINTS:
            raise ValueError("a coupon gives from 0% to 100%")
        if any(money and money.amount <= 0 for money in (self.amount, self.minimum)):
            raise ValueError("amounts of a coupon are more than 0")
        if self.per_shopper is not None and self.per_shopper < 1:
            raise ValueError("a coupon is for at least one order of a shopper")


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
    """Shipping is free from this value of goods, less the discount."""
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


class TaxRule(msgspec.Struct, frozen=True, kw_only=True):
    """A tax on goods (less the discount) and on shipping."""

    name: str
    """'VAT'."""
    rate: int
    """Thousandths of a percent: 9.975% is 9975. 0 for a seller who charges no tax: none is due on arrival either."""
    included: bool
    """Whether prices include it; otherwise it is added to them."""

    @property
    def title(self) -> str:
        """'VAT 25.5%'."""
        return f"{self.name} {self.rate / 1000:g}%"

    def of(self, amount: int) -> int:
        """The tax of an amount: contained in it if `included`, else on top of it."""
        return _half_up(amount * self.rate, TAX_UNITS + self.rate if self.included else TAX_UNITS)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights (each at least 0) by the largest remainder; the parts add up exactly.

    Each part is its exact share, rounded down or up; for equal remainders, the earlier part is rounded up. This is
    Alexander Hamilton's method of 1792 (M. L. Balinski and H. P. Young, Fair Representation, 1982). No part exceeds its
    weight if the amount does not exceed their sum. Raises ValueError if all weights are 0 and the amount is not.
    """
    total_weight = sum(weights)
    if not amount:
        return [0] * len(weights)
    if amount < 0 or total_weight <= 0:
        raise ValueError(f"cannot split {amount} in proportion to {list(weights)}")
    parts = [amount * weight // total_weight for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % total_weight))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def discount_of(coupon: CouponTerms | None, subtotal: int, to_minor: ToMinorUnits) -> int:
    """The discount of a coupon, at most the subtotal."""
    if coupon is None:
        return 0
    discount = to_minor(coupon.amount) if coupon.amount else _half_up(subtotal * coupon.percent, BASIS_POINTS)
    return min(discount, subtotal)


def shipping_prices(
    methods: Iterable[ShippingMethod], grams: int, goods: int, coupon: CouponTerms | None, to_minor: ToMinorUnits
) -> list[tuple[ShippingMethod, int]]:
    """The methods that carry this weight with their prices, the cheapest first. `goods` is less the discount.

    With the same method, adding goods raises the price only through a heavier band, and lowers it only through
    `free_from`.
    """
    found = []
    for method in methods:
        band = method.band(grams)
        if band is not None:
            free = method.free_from is not None and goods >= to_minor(method.free_from)
            found.append((method, 0 if free else to_minor(band.price)))
    found.sort(key=lambda priced: priced[1])
    if coupon is not None and coupon.free_shipping:
        found = _with_cheapest_free(found)
    return found


def _with_cheapest_free(found: list[tuple[ShippingMethod, int]]) -> list[tuple[ShippingMethod, int]]:
    """The methods with the cheapest that is delivered for nothing; of collections only where there is nothing else."""
    chosen = next((method for method, _ in found if not method.collection), found[0][0] if found else None)
    return sorted(((method, 0 if method is chosen else price) for method, price in found), key=lambda priced: priced[1])


def totals(goods: Sequence[int], discount: int, shipping: int, tax: TaxRule | None) -> tuple[Totals, list[int]]:
    """The totals of lines of goods, and the share of the discount of each line."""
    subtotal = sum(goods)
    taxable = subtotal - discount + shipping
    tax_amount = tax.of(taxable) if tax else 0
    included = tax is not None and tax.included
    found = Totals(
        subtotal=subtotal,
        discount=discount,
        shipping=shipping,
        tax=tax_amount,
        tax_included=included,
        tax_name=tax.title if tax else "",
        total=taxable if included else taxable + tax_amount,
    )
    return found, allocate(discount, goods)


def _half_up(numerator: int, denominator: int) -> int:
    """A fraction (at least 0) rounded to an integer, half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)

"""What coupons and automatic rules take off the goods. Pure: integers in minor units of the shopper's currency.

Rules apply one after the other, each to what the ones before it have left: the automatic ones in the order of their
codes, then the shopper's coupon. So together they never take off more than the goods cost.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shop.checkout.pricing.totals import CouponTerms, ToMinorUnits, discount_of
from shop.money import allocate


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a cart, as rules look at it."""

    handle: str
    categories: tuple[str, ...] = ()
    """Titles."""
    unit: int
    """The unit price, in minor units of the shopper's currency."""
    quantity: int

    @property
    def total(self) -> int:
        """The price of the line."""
        return self.unit * self.quantity


def is_for(terms: CouponTerms, line: Goods) -> bool:
    """Whether a rule is for a line: for all of them, or those of its products and categories."""
    if not terms.products and not terms.categories:
        return True
    wanted = {title.casefold() for title in terms.categories}
    return line.handle in terms.products or any(title.casefold() in wanted for title in line.categories)


def is_met(terms: CouponTerms, goods: Sequence[Goods]) -> bool:
    """Whether the goods contain something that a rule is for, and enough units of it."""
    units = sum(line.quantity for line in goods if is_for(terms, line))
    return units >= max(1, terms.buy + terms.get)


def discounts(rules: Sequence[CouponTerms], goods: Sequence[Goods], to_minor: ToMinorUnits) -> list[list[int]]:
    """What each rule takes off each line, in the order of the rules."""
    left = [line.total for line in goods]
    found = []
    for terms in rules:
        shares = _shares(terms, goods, left, to_minor)
        left = [rest - share for rest, share in zip(left, shares, strict=True)]
        found.append(shares)
    return found


def _shares(terms: CouponTerms, goods: Sequence[Goods], left: Sequence[int], to_minor: ToMinorUnits) -> list[int]:
    units = _cheapest(terms, goods) if terms.get else [line.quantity * is_for(terms, line) for line in goods]
    worth = [
        rest * count // line.quantity if line.quantity else 0
        for rest, count, line in zip(left, units, goods, strict=True)
    ]
    return allocate(discount_of(terms, sum(worth), to_minor), worth)


def _cheapest(terms: CouponTerms, goods: Sequence[Goods]) -> list[int]:
    """How many units of each line `buy` and `get` reduce: of those that the rule is for, the cheapest."""
    mine = [place for place, line in enumerate(goods) if is_for(terms, line)]
    reduced = sum(goods[place].quantity for place in mine) // (terms.buy + terms.get) * terms.get
    units = [0] * len(goods)
    for place in sorted(mine, key=lambda place: goods[place].unit):
        units[place] = min(reduced, goods[place].quantity)
        reduced -= units[place]
    return units

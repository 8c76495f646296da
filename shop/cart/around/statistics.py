"""What the carts of a store are like, all together: counted while they pass, in memory that does not grow with them."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

import msgspec

from shop.cart import codec
from shop.cart.model import Cart

HOUR, DAY = 3600, 24 * 3600
AGES = {
    "up to an hour": HOUR,
    "up to a day": DAY,
    "up to 7 days": 7 * DAY,
    "up to 30 days": 30 * DAY,
    "up to 90 days": 90 * DAY,
}
OLDER = "older"


class Distribution(msgspec.Struct, frozen=True):
    """How a number is distributed over the carts. All are 0 where there are none."""

    average: float = 0
    median: int = 0
    p95: int = 0
    most: int = 0


class Statistics(msgspec.Struct):
    """Counts the carts it is given. Lines and bytes have few different values, so each is counted exactly."""

    carts: int = 0
    empty: int = 0
    """Carts in which nothing is left to buy."""
    pieces: int = 0
    """In carts, not counting what is saved for later."""
    expiring: int = 0
    """Carts whose time is over within a day."""
    values: Counter[str] = msgspec.field(default_factory=Counter)
    """By currency, in minor units, at the prices of when it was added; without what is saved for later."""
    ages: Counter[str] = msgspec.field(default_factory=Counter)
    """Carts by the time since their last change, with the words of AGES, or OLDER."""
    _lines: Counter[int] = msgspec.field(default_factory=Counter)
    _bytes: Counter[int] = msgspec.field(default_factory=Counter)

    def add(self, cart: Cart, *, age: int, remaining: int) -> None:
        """Count a cart whose last change is `age` seconds ago and which lives `remaining` seconds more."""
        self.carts += 1
        self.pieces += cart.quantity
        if not cart.active:
            self.empty += 1
        if remaining <= DAY:
            self.expiring += 1
        self.ages[next((words for words, seconds in AGES.items() if age <= seconds), OLDER)] += 1
        for line in cart.active:
            self.values[line.price.currency] += line.price.amount * line.quantity
        self._lines[len(cart.lines)] += 1
        self._bytes[len(codec.encode(cart))] += 1

    @property
    def lines(self) -> Distribution:
        """Lines of a cart, those saved for later among them."""
        return distribution_of(self._lines)

    @property
    def bytes(self) -> Distribution:
        """Bytes of a cart as it is stored, without its key and what the store adds."""
        return distribution_of(self._bytes)


def distribution_of(counted: Counter[int]) -> Distribution:
    """The distribution of counted values; quantiles by the nearest rank."""
    total = counted.total()
    if not total:
        return Distribution()
    values = sorted(counted)
    upto = list(accumulate(counted[value] for value in values))

    def quantile(percent: int) -> int:
        rank = -(-total * percent // 100)
        return next(value for value, count in zip(values, upto, strict=True) if count >= rank)

    average = sum(value * count for value, count in counted.items()) / total
    return Distribution(average, quantile(50), quantile(95), values[-1])

"""Statistics of all carts of a store, computed during a scan in constant memory."""

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
    """The distribution of a number over the carts. All are 0 if there are none."""

    average: float = 0
    median: int = 0
    p95: int = 0
    most: int = 0


class Statistics(msgspec.Struct):
    """Accumulates the statistics. Lines and bytes have few distinct values, so every value is counted exactly."""

    carts: int = 0
    empty: int = 0
    """Carts without active lines."""
    unreadable: int = 0
    """Stored values that are no carts; they are not among the carts."""
    quantity: int = 0
    """The total quantity of the active lines."""
    expiring: int = 0
    """Carts that expire within a day."""
    values: Counter[str] = msgspec.field(default_factory=Counter)
    """The value of the active lines by currency, in minor units, at the prices at which they were added."""
    ages: Counter[str] = msgspec.field(default_factory=Counter)
    """Carts by the time since their last change, with the keys of AGES, or OLDER."""
    _lines: Counter[int] = msgspec.field(default_factory=Counter)
    _bytes: Counter[int] = msgspec.field(default_factory=Counter)

    def add(self, cart: Cart, *, age: int, remaining: int) -> None:
        """Count a cart that last changed `age` seconds ago and expires in `remaining` seconds."""
        self.carts += 1
        self.quantity += cart.quantity
        if not cart.active:
            self.empty += 1
        if remaining <= DAY:
            self.expiring += 1
        self.ages[next((label for label, seconds in AGES.items() if age <= seconds), OLDER)] += 1
        for line in cart.active:
            self.values[line.price.currency] += line.price.amount * line.quantity
        self._lines[len(cart.lines)] += 1
        self._bytes[len(codec.encode(cart))] += 1

    @property
    def lines(self) -> Distribution:
        """Lines of a cart, including those saved for later."""
        return distribution_of(self._lines)

    @property
    def bytes(self) -> Distribution:
        """Bytes of a stored cart, without its key and the overhead of the store."""
        return distribution_of(self._bytes)


def distribution_of(counted: Counter[int]) -> Distribution:
    """The distribution of counted values; quantiles use the nearest rank."""
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

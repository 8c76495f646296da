"""Prices as a shopper sees them, for filters: bands and bounds in the shown currency. Pure.

Prices are stored in the catalogue's own currency. A bound in another currency is turned into the lowest own price that
is shown as that much, so that a filter agrees with the prices on the cards to the smallest coin.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

import msgspec

from shop.money import Money, Rates, minor_digits

_EDGES = (0, *(step * 10**power for power in range(1, 14) for step in (1, 2, 5)))
"""The edges of price bands, in major units."""
_HIGHEST = 10**15
"""More than any price in minor units."""


class PriceScale(msgspec.Struct, frozen=True):
    """How prices in a catalogue's own currency are shown. Without `shown`, they are shown in that currency."""

    own: str
    shown: str = ""
    rates: Rates | None = None

    def __hash__(self) -> int:
        return hash((self.own, self.shown))

    @property
    def currency(self) -> str:
        """The currency of bands and bounds."""
        return self.shown or self.own

    def bounds(self, low: int | None, high: int | None, currency: str = "") -> tuple[int | None, int | None]:
        """The lowest and the highest own price between two bounds in major units of a currency, both inclusive."""
        scale = self.showing(currency)
        unit = 10 ** minor_digits(scale.currency)
        lowest = None if low is None else scale._own(low * unit)
        highest = None if high is None else scale._own(high * unit + 1) - 1
        return lowest, highest

    def showing(self, currency: str) -> PriceScale:
        """The scale for prices in another currency; in the catalogue's own, if there is no rate for that."""
        return PriceScale(self.own, currency if self.knows(currency) else "", self.rates)

    def knows(self, currency: str) -> bool:
        """Whether it is another currency than the catalogue's own, with a rate."""
        return currency != self.own and self.rates is not None and currency in self.rates.per_base

    def bands(self, price: int) -> tuple[str, ...]:
        """The bands ('10-20', major units, both ends inclusive) of an own price; two if it is shown as an edge."""
        return _bands(self, price)

    def edges(self) -> tuple[tuple[int, int], ...]:
        """For each edge of bands, the lowest own price that is shown as it, and the lowest that is shown as more."""
        return _own_edges(self)

    def _own(self, amount: int) -> int:
        """The lowest own price that is shown as at least `amount`, in minor units of each currency."""
        if self.rates is None or self.currency == self.own:
            return amount
        rates = self.rates

        def shown(price: int) -> int:
            return rates.convert(Money(price, self.own), self.currency).amount

        return bisect_left(range(_HIGHEST), amount, key=shown)


def bands_at(place: int) -> list[str]:
    """The price bands of a place among the edges: 2n is the edge n, 2n + 1 is between it and the next."""
    numbers = {(place - 1) // 2, place // 2}
    return [f"{_EDGES[n]}-{_EDGES[n + 1]}" for n in sorted(numbers) if 0 <= n < len(_EDGES) - 1]


@lru_cache(maxsize=64)
def _own_edges(scale: PriceScale) -> tuple[tuple[int, int], ...]:
    unit = 10 ** minor_digits(scale.currency)
    return tuple((scale._own(edge * unit), scale._own(edge * unit + 1)) for edge in _EDGES)


@lru_cache(maxsize=16384)
def _bands(scale: PriceScale, price: int) -> tuple[str, ...]:
    edges = scale.edges()
    first = bisect_right(edges, price, key=lambda edge: edge[1]) - 1
    last = bisect_right(edges, price, key=lambda edge: edge[0]) - 1
    places = range(max(first, 0), min(last, len(_EDGES) - 2) + 1)
    return tuple(f"{_EDGES[at]}-{_EDGES[at + 1]}" for at in places)

"""Prices in the shopper's currency and language.

The rule: a unit price is converted to the shopper's currency and rounded there (see shop.money), then multiplied by
the quantity; totals are sums of those. So the amounts on a page always add up.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import ceil, floor

import msgspec

from shop.catalog.model import Query
from shop.i18n import Language, spoken
from shop.money import Money, Rates


class Prices:
    """Prices in one currency and language. As part of a cache key, an instance stands for both.

    `convert` caches the latest conversions: a grid repeats the same ones at each request.
    """

    def __init__(self, rates: Rates, currency: str, language: Language) -> None:
        self.currency = currency
        self._locale = language.cldr

        @lru_cache(maxsize=16384)
        def convert(money: Money) -> Money:
            return rates.convert(money, currency)

        self.convert = convert

    def text(self, money: Money) -> str:
        """An amount of the catalogue, converted and formatted: '€19.00'."""
        return self.convert(money).format(self._locale)


def with_bounds_in(query: Query, currency: str, prices: Prices, own: str) -> Query:
    """The query with its price bounds in the shown currency ('' for the catalogue's `own`), whole and not narrower.

    Bounds in an unknown currency are left out.
    """
    if query.price_in == currency or query.min_price is query.max_price is None:
        return query
    low, high = query.min_price, query.max_price
    try:
        low = None if low is None else floor(prices.convert(Money.of(Decimal(low), query.price_in or own)).decimal)
        high = None if high is None else ceil(prices.convert(Money.of(Decimal(high), query.price_in or own)).decimal)
    except KeyError:
        low = high = None
    return msgspec.structs.replace(query, min_price=low, max_price=high, price_in=currency)


class Currencies:
    """The currencies that a shopper may choose: those with an exchange rate, else only `default`, the shop's own."""

    def __init__(self, rates: Rates, default: str) -> None:
        self.codes = tuple(rates.per_base) if default in rates.per_base else (default,)
        self.default = default
        self._rates = rates
        self._prices: dict[tuple[Language, str], Prices] = {}

    def __contains__(self, code: str) -> bool:
        return code in self.codes

    def prices(self, code: str | None) -> Prices:
        """Prices in a currency, or in the default one if that is not offered, and in the current language."""
        language = spoken()
        if (prices := self._prices.get((language, code or self.default))) is None:
            key = (language, code if code in self.codes else self.default)
            prices = self._prices.get(key) or self._prices.setdefault(key, Prices(self._rates, key[1], language))
        return prices

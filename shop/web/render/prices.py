"""Prices as a shopper reads them.

The rule: a unit price is converted to the shopper's currency and rounded there (as shop.money says), then
multiplied by the quantity; totals are sums of those. So what is shown always adds up.
"""

from __future__ import annotations

from functools import lru_cache

from shop.i18n import Language, spoken
from shop.money import Money, Rates


class Prices:
    """Prices in one currency, written in one language: what is remembered by them is of both.

    `convert` remembers the latest conversions, which a grid asks for again and again.
    """

    def __init__(self, rates: Rates, currency: str, language: Language) -> None:
        self.currency = currency
        self._locale = language.cldr

        @lru_cache(maxsize=16384)
        def convert(money: Money) -> Money:
            return rates.convert(money, currency)

        self.convert = convert

    def text(self, money: Money) -> str:
        """'€19.00': an amount of the catalogue, converted."""
        return self.convert(money).format(self._locale)


class Currencies:
    """The currencies a shopper may choose: those of `offered` that the table of rates knows."""

    def __init__(self, rates: Rates, offered: tuple[str, ...], default: str) -> None:
        self.codes = tuple(code for code in offered if code in rates.per_base)
        self.default = default
        self._rates = rates
        self._prices: dict[tuple[Language, str], Prices] = {}

    def __contains__(self, code: str) -> bool:
        return code in self.codes

    def prices(self, code: str | None) -> Prices:
        """Prices in the currency of that code, in the language spoken; in the default one where it is not offered."""
        language = spoken()
        if (prices := self._prices.get((language, code or self.default))) is None:
            key = (language, code if code in self.codes else self.default)
            prices = self._prices.get(key) or self._prices.setdefault(key, Prices(self._rates, key[1], language))
        return prices

"""Money: integer minor units of an ISO 4217 currency, and the exchange rates that convert it.

Rounding: a conversion is computed exactly (as a decimal fraction) and rounded once, half away from zero,
to the minor unit of the target currency. This is 'commercial rounding', the rule that Council Regulation
(EC) No 1103/97, articles 4 and 5, sets for the euro: half-way results are rounded up. JPY has no minor
unit, so its amounts are whole yen. The number of minor digits is that of ISO 4217 (the package iso4217), by which
payment providers count too; CLDR's differs, because it is that of everyday prices. A price above zero stays above zero:
what rounds to nothing is one minor unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

import msgspec
from babel import Locale
from babel.numbers import format_currency, parse_pattern
from iso4217 import Currency

from shop.i18n import spoken

_DIGITS: dict[str, int | None] = {currency.code: currency.exponent for currency in Currency}


class Money(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An amount in minor units (cents, pence, yen) of a currency (ISO 4217 code)."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        """The sum. Raises ValueError if the currencies differ: convert first."""
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.amount * quantity, self.currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact: Money(1999, 'EUR').decimal == Decimal('19.99')."""
        return Decimal(self.amount).scaleb(-minor_digits(self.currency))

    @classmethod
    def of(cls, major: Decimal, currency: str) -> Money:
        """Money from a decimal in major units, rounded half up to the minor unit."""
        minor = major.scaleb(minor_digits(currency)).quantize(Decimal(1), ROUND_HALF_UP)
        return cls(int(minor), currency)

    def format(self, locale: str = "") -> str:
        """The amount formatted for a locale, by default that of the current language: '€19.99', '¥3,210'."""
        return _format(self.amount, self.currency, locale or spoken().cldr)


def half_up(numerator: int, denominator: int) -> int:
    """A fraction (at least 0) rounded to an integer, half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


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


def format_whole(major: int, currency: str) -> str:
    """An amount in whole major units, in the current language: '€20'."""
    style = style_of(currency, spoken().cldr)
    return style.format(major, 0) if style else Money.of(Decimal(major), currency).format()


def is_currency(code: str) -> bool:
    """Whether ISO 4217 has the code."""
    return code in _DIGITS


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """The number of decimals of a currency (ISO 4217): 2 for EUR, 0 for JPY; 2 for one that is no longer used."""
    digits: int | None = _DIGITS.get(currency, 2)
    return digits or 0  # None: gold and the like, which has no minor unit


@lru_cache(maxsize=16384)
def _format(amount: int, currency: str, locale: str) -> str:
    style = style_of(currency, locale)
    if style is None or amount < 0:
        return _format_with_babel(amount, currency, locale)
    return style.format(amount, minor_digits(currency))


def _format_with_babel(amount: int, currency: str, locale: str) -> str:
    """Babel's format, with 'TRY 9.50' for 'TRY9.50': Babel omits CLDR's currency spacing (UTS #35, part 3)."""
    digits = minor_digits(currency)
    pattern = parse_pattern(Locale.parse(locale).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    decimal = Money(amount, currency).decimal
    text = format_currency(decimal, currency, format=pattern, locale=locale, currency_digits=False)
    return re.sub(r"(?<=[^\W\d_])(?=\d)", "\N{NO-BREAK SPACE}", text)


class Style(msgspec.Struct, frozen=True):
    """A locale's format of amounts in a currency, with digits grouped by three. 20 times as fast as Babel."""

    before: str
    group: str
    point: str
    after: str

    def format(self, amount: int, digits: int) -> str:
        """Format an amount in minor units, at least 0; the last `digits` digits are decimals."""
        whole, fraction = divmod(amount, 10**digits)
        grouped = f"{whole:,}".replace(",", self.group)
        cents = f"{self.point}{fraction:0{digits}}" if digits else ""
        return f"{self.before}{grouped}{cents}{self.after}"


@lru_cache(maxsize=256)
def style_of(currency: str, locale: str) -> Style | None:
    """The style, derived from Babel's output; None if the locale's format does not fit a Style."""
    digits = minor_digits(currency)
    cents = "890123"[:digits]
    point = "([^0-9]*)" if digits else "()"
    text = _format_with_babel(int(f"1234567{cents}"), currency, locale)
    match = re.fullmatch(rf"([^0-9]*)1([^0-9]*)234(?:\2)567{point}{cents}([^0-9]*)", text)
    if match is None:
        return None
    found = Style(*match.groups())
    samples = (0, 7, 100, 1234 * 10**digits, 98765 * 10**digits + 1)
    agrees = all(found.format(amount, digits) == _format_with_babel(amount, currency, locale) for amount in samples)
    return found if agrees else None


class Rates(msgspec.Struct, frozen=True):
    """Exchange rates: `per_base` has the amount of each currency for one unit of `base` on `as_of` (ISO 8601)."""

    base: str
    as_of: str
    per_base: dict[str, Decimal]

    def convert(self, money: Money, currency: str) -> Money:
        """Convert to another currency, rounded as in the module docstring. Raises KeyError for an unknown currency."""
        if money.currency == currency:
            return money
        rate = _minor_rate(self.per_base[money.currency], self.per_base[currency], money.currency, currency)
        numerator, denominator = abs(money.amount) * rate.numerator, rate.denominator
        rounded = max(half_up(numerator, denominator), 1 if numerator else 0)
        return Money(rounded if money.amount >= 0 else -rounded, currency)


@lru_cache(maxsize=1024)
def _minor_rate(per_base: Decimal, target_per_base: Decimal, source: str, target: str) -> Fraction:
    """Minor units of `target` for one minor unit of `source`, exact."""
    scale = Fraction(10) ** (minor_digits(target) - minor_digits(source))
    return Fraction(target_per_base) / Fraction(per_base) * scale

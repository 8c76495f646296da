"""Formats dates, percentages and lists in the current language, by CLDR through Babel. Digits are always 0 to 9."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_interval
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from shop.i18n import ENGLISH, Language, spoken

_BRITISH = Locale("en", "GB")
"""The locale for English: 3 March 2026, and no comma before the last item of a list."""


def day_of(at: int, zone: tzinfo = UTC) -> str:
    """The day, in a time zone, of a time in seconds since the epoch: '24 December 2026'."""
    return date_of(datetime.fromtimestamp(at, zone).date())


def date_of(day: date) -> str:
    """A day: '24 December 2026'."""
    return format_date(day, "long", locale=_locale(spoken()))


def decimal(text: str) -> str:
    """A decimal number in the current language, with its decimals: '4.5' becomes '4,5' in German."""
    return format_decimal(Decimal(text), format="0.0", locale=_locale(spoken()), numbering_system="latn")


def days_between(first: date, last: date) -> str:
    """A span of days, without the year: 'Thu 3 Dec – Mon 7 Dec'; one day if both are the same."""
    return str(format_interval(first, last, "MMMEd", locale=_locale(spoken())))


def percent(text: str) -> str:
    """A percentage in the current language: '25.5%' becomes '25,5 %' in German."""
    return _percent(text, spoken())


@lru_cache(maxsize=256)
def _percent(text: str, language: Language) -> str:
    share, locale = Decimal(text.removesuffix("%")) / 100, _locale(language)
    return format_percent(share, locale.percent_formats[None], locale=locale, decimal_quantization=False)


def listed(parts: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
    """A list as text in the current language: 'Colour and Size', '13, 16 or 19'."""
    return format_list(parts, style=style, locale=_locale(spoken()))


def _locale(language: Language) -> Locale:
    return _BRITISH if language is ENGLISH else language.locale

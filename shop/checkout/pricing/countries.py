"""Names and codes of countries, from CLDR through Babel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from babel import Locale
from babel.core import get_global

from shop.i18n import spoken

LANGUAGES = ("de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da", "nb", "fi", "cs", "tr", "ja", "ar")
"""Languages whose country names are understood besides English; if two disagree, the earlier one wins."""

ALIASES = {
    "america": "US",
    "united states of america": "US",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "eire": "IE",
    "republic of ireland": "IE",
    "holland": "NL",
    "turkey": "TR",
    "czech republic": "CZ",
    "slovak republic": "SK",
    "macedonia": "MK",
    "russian federation": "RU",
    "korea": "KR",
    "republic of korea": "KR",
    "hong kong": "HK",
    "macao": "MO",
    "viet nam": "VN",
    "uae": "AE",
}
"""Codes of names that CLDR lacks, by folded name."""

_NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Two-letter codes of CLDR that are not countries."""


def names() -> dict[str, str]:
    """The name of every country in the current language by code (ISO 3166-1 alpha-2), in the order of names."""
    return _names(spoken().cldr)


@cache
def _names(language: str) -> dict[str, str]:
    found = {code: name for code, name in _territories(language).items() if _is_country(code)}
    return dict(sorted(found.items(), key=lambda pair: _folded(pair[1])))


def name_of(code: str) -> str:
    """'Germany' for 'DE'; '' for an unknown code."""
    return names().get(code, "")


def code_of(text: str) -> str:
    """The code (ISO 3166-1 alpha-2) of a country as typed; '' if it is not recognised.

    Accepts codes of two and three letters, and names in the current language, in English and in LANGUAGES. Letter case,
    accents, periods and a leading 'the' are ignored.
    """
    folded = _folded(text[:100])
    own = _own(spoken().cldr).get(folded)
    return own or _in_english().get(folded) or _in_all_languages().get(folded, "")


@cache
def _own(language: str) -> dict[str, str]:
    """The codes by folded name in one language."""
    return {_folded(name): code for code, name in _names(language).items()}


@cache
def _in_english() -> dict[str, str]:
    """The codes by folded code, English name and alias."""
    english = _names("en")
    codes = {code.lower(): code for code in english}
    aliases: Mapping[str, list[str]] = get_global("territory_aliases")
    codes |= {
        old.lower(): new[0] for old, new in aliases.items() if old.isalpha() and len(new) == 1 and new[0] in english
    }
    return codes | _own("en") | ALIASES


@cache
def _in_all_languages() -> dict[str, str]:
    """The codes by folded name in LANGUAGES. Takes 0.1 s, so it is built for the first name that is not English."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in _territories(language).items():
            if _is_country(code):
                found.setdefault(_folded(name), code)
    return found


def _territories(language: str) -> dict[str, str]:
    return dict(Locale(language).territories)


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY


def _folded(text: str) -> str:
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    # Periods of abbreviations are removed: U.S.A. becomes usa.
    words = re.sub(r"[^\w]+", " ", plain.replace(".", "").replace("&", " and ")).split()
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)

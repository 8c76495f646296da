"""Names and codes of countries: shown from CLDR through Babel, understood in every language.

What is typed is looked up in country_names.tsv, which bin/country_names.py makes of CLDR and ISO 3166-1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale

from shop.i18n import spoken
from shop.typed import folded, is_one_edit, one_form

NAMES = Path(__file__).with_name("country_names.tsv")
"""A line for each country, in fields: its code, its names in its own languages, an empty field, all other keys."""
MAX_TYPED = 100
"""Characters of a country that are read."""
MAX_CODE = 3
MAX_SUGGESTIONS = 3
MIN_MISTYPED = 4
"""Characters of the shortest text that is taken for a mistyped name."""
LIKE = 0.8
"""How like a name a text with several mistakes must be, as difflib measures it."""

_NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Two-letter codes of CLDR that are not countries."""
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_PUNCTUATION = re.compile(r"[\W_]+")
_PARTS = re.compile(r"[()\[\]/,;:]| - ")


def names() -> dict[str, str]:
    """The name of every country in the current language by code (ISO 3166-1 alpha-2), in the order of names."""
    return _names(spoken().cldr)


@cache
def _names(language: str) -> dict[str, str]:
    found = {code: name for code, name in Locale.parse(language).territories.items() if is_country(code)}
    return dict(sorted(found.items(), key=lambda pair: folded_name(pair[1])))


def name_of(code: str) -> str:
    """'Germany' for 'DE'; '' for an unknown code."""
    return names().get(code, "")


def code_of(text: str) -> str:
    """The code (ISO 3166-1 alpha-2) of a country as typed; '' if it is not recognised.

    Accepts names in every language of CLDR, formal names, codes of two and three letters or three digits, flags, and
    several of these for one country: 'Germany (DE)'. Case, accents, punctuation and a leading 'the' are ignored.
    """
    return _code_of(text[:MAX_TYPED], spoken().cldr)


@lru_cache(maxsize=4096)
def _code_of(text: str, language: str) -> str:
    if code := _looked_up(text, language):
        return code
    parts = {_looked_up(part, language) for part in _PARTS.split(text) if part.strip()}
    return parts.pop() if len(parts) == 1 else ""


def _looked_up(text: str, language: str) -> str:
    name, key = folded_name(text), key_of(text)
    if code := _own(language).get(name) or _own("en").get(name):
        return code
    return _understood().get(key) or _understood().get(name, "")


def suggestions(text: str) -> tuple[str, ...]:
    """The codes of the countries that may be meant by a mistyped name, the likeliest first; at most MAX_SUGGESTIONS.

    Compared with the names in the current language, in English and in the country's own languages; if none is like it,
    also with those in all other languages.
    """
    return _suggestions(text[:MAX_TYPED], spoken().cldr)


@lru_cache(maxsize=1024)
def _suggestions(text: str, language: str) -> tuple[str, ...]:
    name, known = folded_name(text), _local() | _own("en") | _own(language)
    if len(name) < MIN_MISTYPED:
        return ()
    near = [other for other in known if is_one_edit(name, other)]
    near = near or get_close_matches(name, known, n=1, cutoff=LIKE)
    found = dict.fromkeys(known[other] for other in near) or _with_one_mistake(name)
    return tuple(found)[:MAX_SUGGESTIONS]


def _with_one_mistake(name: str) -> dict[str, None]:
    """The codes of the countries that are called nearly so in any language."""
    near = ((other, code) for other, code in _understood().items() if is_one_edit(name, other))
    return dict.fromkeys(code for other, code in near if len(other) > MAX_CODE)


@cache
def _own(language: str) -> dict[str, str]:
    """The codes by folded name in one language."""
    return {folded_name(name): code for code, name in _names(language).items()}


@cache
def _understood() -> dict[str, str]:
    """The codes by everything that is understood. Read when a name is neither English nor of the current language."""
    return {name: code for code, own, others in _lines() for name in (*own, *others)}


@cache
def _local() -> dict[str, str]:
    """The codes by folded name in the country's own languages."""
    return {name: code for code, own, _others in _lines() for name in own}


def _lines() -> Iterator[tuple[str, list[str], list[str]]]:
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        code, *found = line.split("\t")
        divided = found.index("")
        yield code, found[:divided], found[divided + 1 :]


def is_country(code: str) -> bool:
    """Whether a code of CLDR's territories is that of a country."""
    return len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY


def key_of(text: str) -> str:
    """What a text is looked up by: a code in capitals, or a folded name. 'Áo' is Austria in Vietnamese, 'AO' Angola."""
    code = _PUNCTUATION.sub("", one_form(_FLAG.sub(_letters_of_flag, text)))
    return code.upper() if len(code) <= MAX_CODE and code.isascii() and code.isalnum() else folded_name(text)


def folded_name(text: str) -> str:
    """A name for comparing: 'The Bahamas' -> 'bahamas', 'Bosnia & Herzegovina' -> 'bosnia and herzegovina'."""
    words = folded(one_form(text).replace(".", "").replace("&", " and ")).split()
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


def _letters_of_flag(flag: re.Match[str]) -> str:
    return "".join(chr(ord(sign) - 0x1F1E6 + ord("A")) for sign in flag[0]).join("  ")

#!/usr/bin/env python3
"""Update shop/checkout/pricing/country_names.tsv: what every country is called, in every language.

A line is a country: its code (ISO 3166-1 alpha-2), its names in its own languages, an empty field, and its other codes
and names. Names are folded by shop.checkout.pricing.countries.folded_name, codes are in capitals. The sources are CLDR
(through Babel), ISO 3166-1 with its formal names and their translations (through pycountry), and ALIASES below. A name
that two countries have in different languages goes to the one that calls itself so, else to the one that clearly more
languages call so, else to none: the shopper is asked.

`--check` writes nothing, and exits with 1 if the file is out of date.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from gettext import translation
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pycountry  # noqa: E402 - a script beside the package
from babel import Locale, localedata  # noqa: E402
from babel.core import get_global  # noqa: E402
from babel.languages import get_official_languages  # noqa: E402

from shop.checkout.pricing.countries import NAMES, is_country, key_of  # noqa: E402

ALIASES = {
    "AE": ("UAE", "Emirates", "الإمارات"),
    "AU": ("Commonwealth of Australia",),
    "BA": ("Bosnia",),
    "CD": ("DR Congo", "DRC", "Zaire", "Congo Kinshasa"),
    "CG": ("Congo Brazzaville",),
    "CI": ("Ivory Coast",),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic",),
    "DE": ("BRD", "FRG"),
    "FM": ("Micronesia",),
    "GB": ("Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland", "XI",
           "United Kingdom of Great Britain and Northern Ireland", "Großbritannien", "Grande-Bretagne", "Gran Bretaña",
           "Gran Bretagna", "Grã-Bretanha", "Groot-Brittannië", "Storbritannien", "Wielka Brytania", "Великобритания",
           "بريطانيا", "イギリス", "英國", "영국"),
    "GR": ("EL", "Hellas"),
    "HK": ("Hong Kong", "香港"),
    "IE": ("Eire", "Republic of Ireland"),
    "IR": ("Persia",),
    "KP": ("DPRK",),
    "KR": ("Korea", "Republic of Korea", "한국", "남한"),
    "LA": ("Lao PDR",),
    "MK": ("Macedonia", "FYROM"),
    "MM": ("Burma",),
    "MO": ("Macao", "Macau", "澳門", "澳门"),
    "NL": ("Holland",),
    "PS": ("Palestine", "فلسطين"),
    "RU": ("Russian Federation",),
    "SA": ("السعودية", "KSA"),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "US": ("America", "United States of America", "Estados Unidos", "USA"),
    "VA": ("Vatican", "Vatican City", "Holy See"),
    "VN": ("Viet Nam",),
    "XK": ("XKX",),
}  # fmt: skip
"""Names that neither source has."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"})
"""As people write who have no such keys."""
_CERTAIN, _OWN = 10_000, 100
"""The votes of a code, alias or English name, and of a name in a language of the country itself."""


def main() -> int:
    """Write or check the file."""
    found, own = votes()
    names = decided(found)
    text = "".join(line(code, names[code], own[code]) for code in sorted(names))
    if "--check" in sys.argv:
        return 0 if NAMES.read_text(encoding="utf-8") == text else 1
    NAMES.write_text(text, encoding="utf-8")
    return 0


def line(code: str, names: set[str], own: set[str]) -> str:
    """The line of a country."""
    return "\t".join((code, *sorted(names & own), "", *sorted(names - own))) + "\n"


def votes() -> tuple[dict[str, Counter[str]], dict[str, set[str]]]:
    """The votes of each country for each folded name, and the names of each country in its own languages."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    own: dict[str, set[str]] = defaultdict(set)
    for code, name, weight in (*aliases(), *cldr(), *iso()):
        for folded in {key_of(name), key_of(name.translate(_UMLAUTS))} - {""}:
            found[folded][code] += weight
            if weight == _OWN:
                own[code].add(folded)
    return found, own


def decided(found: dict[str, Counter[str]]) -> dict[str, set[str]]:
    """The names of each country: a name goes to the country with at least twice the votes of the next."""
    names: dict[str, set[str]] = defaultdict(set)
    for name, counted in found.items():
        (first, most), *others = counted.most_common(2)
        if not others or most >= 2 * others[0][1]:
            names[first].add(name)
    return names


def aliases() -> Iterator[tuple[str, str, int]]:
    """ALIASES, and the codes that CLDR knows: of two and three letters, and of three digits."""
    for code in filter(is_country, Locale("en").territories):
        yield code, code, _CERTAIN
    for code, names in ALIASES.items():
        yield from ((code, name, _CERTAIN) for name in names)
    for old, new in get_global("territory_aliases").items():
        if len(new) == 1 and is_country(new[0]):
            yield new[0], old, _CERTAIN


def cldr() -> Iterator[tuple[str, str, int]]:
    """The names of CLDR in all languages."""
    for locale in localedata.locale_identifiers():
        language = locale.partition("_")[0]
        for code, name in localedata.load(locale, merge_inherited=False).get("territories", {}).items():
            if is_country(code):
                yield code, name, _weight(code, language)
        localedata._cache.clear()  # a gigabyte otherwise


def iso() -> Iterator[tuple[str, str, int]]:
    """The codes of ISO 3166-1, and its names in all languages that pycountry has."""
    languages = sorted(path.name for path in Path(pycountry.LOCALES_DIR).iterdir() if path.is_dir())
    translations = {each: translation("iso3166-1", pycountry.LOCALES_DIR, [each], fallback=True) for each in languages}
    for country in pycountry.countries:
        yield from ((country.alpha_2, code, _CERTAIN) for code in (country.alpha_2, country.alpha_3, country.numeric))
        for name in {country.name, getattr(country, "official_name", ""), getattr(country, "common_name", "")} - {""}:
            yield from ((country.alpha_2, form, _CERTAIN) for form in _forms(name))
            for language, texts in translations.items():
                for form in _forms(texts.gettext(name)):
                    yield country.alpha_2, form, _weight(country.alpha_2, language.partition("_")[0])


def _forms(name: str) -> set[str]:
    """A name as it is, and turned: 'Korea, Republic of' and 'Republic of Korea'."""
    short, comma, rest = name.partition(", ")
    return {name, f"{rest} {short}"} if comma else {name}


def _weight(code: str, language: str) -> int:
    if language == "en":
        return _CERTAIN
    return _OWN if language in get_official_languages(code, regional=True, de_facto=True) else 1


if __name__ == "__main__":
    sys.exit(main())

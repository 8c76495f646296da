"""Countries are recognised as people write them."""

from __future__ import annotations

import re

import pytest
from babel import Locale

from shop.checkout.pricing.countries import MAX_SUGGESTIONS, code_of, name_of, names, suggestions
from shop.i18n import Language, speaking
from shop.typed import APOSTROPHES

LANGUAGES = re.split(
    " +",
    "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv "
    "ar be bn ca eu fa gl he hi id is ja ka ko ms nb nn ru sr sw ta th tr uk ur vi zh zh_Hant",
)
"""Those of the European Union, and others of all scripts."""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("United States", "US"),
        ("U.S.A.", "US"),
        ("usa", "US"),
        ("The United States of America", "US"),
        ("  germany ", "DE"),
        ("Deutschland", "DE"),
        ("DEU", "DE"),
        ("ÖSTERREICH", "AT"),
        ("Osterreich", "AT"),
        ("the Netherlands", "NL"),
        ("Holland", "NL"),
        ("UK", "GB"),
        ("Great Britain", "GB"),
        ("Côte d’Ivoire", "CI"),
        ("cote d'ivoire", "CI"),
        ("Bosnia and Herzegovina", "BA"),
        ("Bosnia & Herzegovina", "BA"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("日本", "JP"),
        ("Hong Kong", "HK"),
        ("Ελλάδα", "GR"),
        ("EL", "GR"),
        ("Magyarország", "HU"),
        ("Hrvatska", "HR"),
        ("Eesti", "EE"),
        ("България", "BG"),
        ("Česká republika", "CZ"),
        ("Україна", "UA"),
        ("Россия", "RU"),
        ("대한민국", "KR"),
        ("भारत", "IN"),
        ("中國", "CN"),
        ("香港", "HK"),
        ("ไทย", "TH"),
        ("ישראל", "IL"),
        ("السعودية", "SA"),
        ("السُّعودية", "SA"),
        ("الإمارات", "AE"),
        ("Bundesrepublik Deutschland", "DE"),
        ("Republik Österreich", "AT"),
        ("Oesterreich", "AT"),
        ("Tuerkei", "TR"),
        ("Republic of Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("United Kingdom of Great Britain and Northern Ireland", "GB"),
        ("Lao People's Democratic Republic", "LA"),
        ("Ivory Coast", "CI"),
        *((f"Côte d{sign}Ivoire", "CI") for sign in APOSTROPHES),
        ("USA!", "US"),
        ("(U. S. A.)", "US"),
        ("U S A", "US"),
        ("Großbritannien", "GB"),
        ("Grossbritannien", "GB"),
        ("Grande Bretagne", "GB"),
        ("BRD", "DE"),
        ("한국", "KR"),
        ("Commonwealth of Australia", "AU"),
        ("Lao PDR", "LA"),
        ("Macau", "MO"),
        ("Palestine", "PS"),
        ("Vatican", "VA"),
        ("Congo (Kinshasa)", "CD"),
        ("Kosovo", "XK"),
        ("276", "DE"),
        ("٢٧٦", "DE"),
        ("🇩🇪", "DE"),
        ("Germany (DE)", "DE"),
        ("DE - Deutschland", "DE"),
        ("Deutschland / Germany", "DE"),
        ("ＤＥ", "DE"),
        ("\u202bألمانيا\u202c", "DE"),
        ("Deutsch\u00adland\u200b", "DE"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("Dominica", "DM"),
        ("Guinea", "GN"),
    ],
)
def test_a_country_is_understood(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "the",
        "Atlantis",
        "EU",
        "European Union",
        "ZZ",
        "*",
        "1",
        "Ⅷ",
        "Germany, France",
        "Germny",
        "Republic",
        "\x00",
        "a" * 9999,
    ],
)
def test_other_texts_are_no_country(text: str) -> None:
    assert code_of(text) == ""


def test_every_country_is_found_by_its_name_and_its_code() -> None:
    assert {code_of(name) for name in names().values()} == {code_of(code) for code in names()} == names().keys()
    assert list(names().values())[:2] == ["Afghanistan", "Åland Islands"]
    assert len(names()) > 240


def test_a_code_has_a_name_and_an_unknown_code_has_none() -> None:
    assert (name_of("DE"), name_of(""), name_of("EU")) == ("Germany", "", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_is_understood_in_every_language(language: str) -> None:
    """Spoken is English: a browser fills in a form in its own language, not in that of the page."""
    called = {code: name for code, name in Locale.parse(language).territories.items() if code in names()}
    wrong = {name for code, name in called.items() if code_of(name) != code}
    assert wrong - {"Kongo", "Nga"} == set(), "those are names of two countries, or a code of another"


def test_the_language_of_the_page_has_the_last_word() -> None:
    with speaking(Language("de")):
        assert {code_of(name) for name in names().values()} == names().keys()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Germny", ["Germany"]),
        ("Gemany", ["Germany"]),
        ("Canadaa", ["Canada"]),
        ("Frnace", ["France"]),
        ("Deutshland", ["Germany"]),
        ("Ελαδα", ["Greece"]),
        ("Phillipines", ["Philippines"]),
        ("Spnien", ["Spain"]),
        ("Italein", ["Italy"]),
        ("Allemange", ["Germany"]),
        ("Deustchland", ["Germany"]),
        ("Швейцаря", ["Switzerland"]),
        ("Irap", ["Iran", "Iraq"]),
        ("Atlantis", []),
        ("", []),
        ("xx", []),
        ("x" * 1000, []),
    ],
)
def test_a_mistyped_name_has_suggestions(text: str, meant: list[str]) -> None:
    assert code_of(text) == ""
    assert sorted(map(name_of, suggestions(text))) == meant
    assert len(suggestions(text)) <= MAX_SUGGESTIONS

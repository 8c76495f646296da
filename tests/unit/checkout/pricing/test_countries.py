"""Countries are recognised as people write them."""

from __future__ import annotations

import pytest

from shop.checkout.pricing.countries import code_of, name_of, names


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
    ],
)
def test_a_country_is_understood(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text", ["", " ", "the", "Atlantis", "EU", "European Union", "ZZ", "*", "1", "Ⅷ", "\x00", "a" * 9999]
)
def test_other_texts_are_no_country(text: str) -> None:
    assert code_of(text) == ""


def test_every_country_is_found_by_its_name_and_its_code() -> None:
    assert {code_of(name) for name in names().values()} == {code_of(code) for code in names()} == names().keys()
    assert list(names().values())[:2] == ["Afghanistan", "Åland Islands"]
    assert len(names()) > 240


def test_a_code_has_a_name_and_an_unknown_code_has_none() -> None:
    assert (name_of("DE"), name_of(""), name_of("EU")) == ("Germany", "", "")

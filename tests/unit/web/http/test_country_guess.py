"""The guess of the shopper's country."""

from __future__ import annotations

import pytest

from shop.web.http import country_guess
from shop.web.http.country_guess import guessed_country


@pytest.mark.parametrize(
    ("currency", "languages", "country"),
    [
        ("", "fr-CH,fr;q=0.9,en-GB;q=0.5", "CH"),
        ("", "de,en-GB;q=0.5", "GB"),
        ("", "zh-Hant-TW", "TW"),
        ("", "de,en;q=0.5", "DE"),
        ("", "", "DE"),
        ("", "xx-QQ,-,;;,*", "DE"),
        ("USD", "de-AT", "US"),
        ("EUR", "de-AT", "AT"),
    ],
)
def test_the_guess_follows_the_chosen_currency_then_the_language(currency: str, languages: str, country: str) -> None:
    assert guessed_country(currency, languages, "DE") == country


def test_long_headers_are_cached_by_their_beginning() -> None:
    sizes = []
    for end in ("x", "y"):
        assert guessed_country("", "de-AT," + "-" * 60_000 + end, "DE") == "AT"
        sizes.append(country_guess._guessed.cache_info().currsize)
    assert sizes[0] == sizes[1]

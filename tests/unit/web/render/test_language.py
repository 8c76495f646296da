"""Language negotiation, and addresses with a language."""

from __future__ import annotations

import pytest

from shop.web.render.language import best, in_language

OFFERED = ("en", "de", "ar")


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("de-Latn-DE,en;q=0.9", "de"),
        ("ar-EG,ar;q=0.9,en-US;q=0.8", "ar"),
        ("fr-FR,fr;q=0.9", "en"),
        ("fr;q=0.9,de;q=0.3,en;q=0.2", "de"),
        ("en;q=0.5, de;q=0.8", "de"),
        ("en;q=0,*", "de"),
        ("en;q=0, de;q=0.0, *;q=0.1", "ar"),
        ("en;q=0,de;q=0,ar;q=0", "en"),
        ("de-AT;q=0, de", "de"),
        ("*", "en"),
        ("*;q=0.5, ar", "ar"),
        ("de;q=0.5,ar;q=0.5", "de"),
        ("de;q=2, ar", "ar"),
        ("de;q=nan, ar;q=x, en;q=1", "en"),
        ("germany,,;;q=1,-", "en"),
    ],
)
def test_the_language_with_the_highest_weight_wins(accepted: str, code: str) -> None:
    assert best(accepted.encode(), OFFERED) == code


def test_a_language_without_a_region_finds_one_with_it() -> None:
    assert best(b"pt", ("en", "pt-BR")) == "pt-BR"
    assert best(b"pt-BR", ("en", "pt-BR")) == "pt-BR"
    assert best(b"pt-PT,de", ("en", "pt-BR")) == "en"


@pytest.mark.parametrize(
    ("path", "code", "there"),
    [
        ("/", "de", "/?lang=de"),
        ("/?q=mug&lang=ar", "de", "/?q=mug&lang=de"),
        ("/?q=mug&lang=ar", "", "/?q=mug"),
        ("/product/tide-mug?variant_id=A%26B#top", "de", "/product/tide-mug?variant_id=A%26B&lang=de#top"),
        ("/cart", "", "/cart"),
    ],
)
def test_an_address_has_at_most_one_language(path: str, code: str, there: str) -> None:
    assert in_language(path, code) == there

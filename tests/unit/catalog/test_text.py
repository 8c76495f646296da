"""Folded words, slugs and tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.text import MAX_WORD, fold, search_words, slug, token


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Crème BRÛLÉE", "creme brulee"),
        ("Straße", "strasse"),
        ("Ærø Łódź", "aero lodz"),
        ("İstanbul ı", "istanbul i"),
        ("كُوب مصبـاح", "كوب مصباح"),
        ("mu\u00adg ١٢", "mug 12"),
    ],
)
def test_fold_removes_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("word", ["ガラス", "किताब", "กาแฟ", "ம்", "한국"])
def test_marks_that_are_letters_stay(word: str) -> None:
    assert search_words(word) == [fold(word)] == [word]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10mm E27", ["10", "mm", "e", "27"]),
        ("Women's t-shirt", ["womens", "t", "shirt"]),
        ("شمعة إبريق", ["شمعه", "ابريق"]),
        ("کتاب", ["كتاب"]),
        ("_!", []),
    ],
)
def test_words_are_runs_of_letters_or_of_digits(text: str, words: list[str]) -> None:
    assert search_words(text) == words


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Bed & Bath", "bed-bath"), ("  Tee_Wärmer! ", "tee-warmer"), ("Чашки", "чашки"), ("!", ""), ("E27", "e27")],
)
def test_a_slug_is_made_of_words(title: str, expected: str) -> None:
    assert slug(title) == expected


def test_beds_and_pets_are_two_categories() -> None:
    assert slug("ベッド") != slug("ペット")


@given(st.text())
def test_words_are_letters_and_digits_only_whatever_is_typed(q: str) -> None:
    for word in search_words(q):
        assert not set(word) & set("\"'\\ ()&|!:*\ue000\ue001")
        assert 0 < len(word) <= MAX_WORD
        assert search_words(word) == [word], "what is looked for is spelt as what is indexed"


def test_a_token_tells_name_and_value_apart() -> None:
    assert token("Colour", "Moss") == token("Colour", "Moss")
    assert len({token("a", "b"), token("ab", ""), token("", "ab"), token("A", "b")}) == 4

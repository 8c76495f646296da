"""Folded words, slugs and tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.text import MAX_TERMS, MAX_WORD, fold, search_words, slug, spellings, terms, token, translation_words


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Crème BRÛLÉE", "creme brulee"), ("Straße", "strasse"), ("Ærø Łódź", "aero lodz"), ("İstanbul ı", "istanbul i")],
)
def test_fold_removes_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("title", "expected"), [("Bed & Bath", "bed-bath"), ("  Tee_Wärmer! ", "tee-warmer"), ("Чашки", "чашки"), ("!", "")]
)
def test_a_slug_is_made_of_words(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.text())
def test_a_search_is_letters_and_digits_only_whatever_is_typed(q: str) -> None:
    assert len(terms(q)) <= MAX_TERMS
    for term in terms(q):
        assert term.isalnum()
        assert 0 < len(term) <= MAX_WORD
        assert search_words(term) == [term], "what is looked for is spelt as what is indexed"


@given(st.text(), st.text())
def test_translation_words_never_equal_typed_words(text: str, q: str) -> None:
    assert not set(translation_words("de", text)) & set(search_words(q))
    assert [spelling for _, spelling in spellings(q, "de")] == translation_words("de", " ".join(terms(q)))


@pytest.mark.parametrize(
    ("written", "bare"), [("الكوب", "كوب"), ("بالكوب", "كوب"), ("للكوب", "كوب"), ("كوب", "كوب"), ("ال", "ال")]
)
def test_an_article_is_no_part_of_an_arabic_word(written: str, bare: str) -> None:
    assert translation_words("ar", written) == translation_words("ar", bare)
    assert translation_words("de", written) != translation_words("ar", bare)


def test_a_token_tells_name_and_value_apart() -> None:
    assert token("Colour", "Moss") == token("Colour", "Moss")
    assert len({token("a", "b"), token("ab", ""), token("", "ab"), token("A", "b")}) == 4

"""Folded words, slugs and tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.text import MAX_TERMS, MAX_WORD, fold, slug, spellings, terms, token, words, words_in


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Crème BRÛLÉE", "creme brulee"), ("Straße", "strasse"), ("Ærø Łódź", "aero lodz"), ("İstanbul ı", "istanbul i")],
)
def test_fold_takes_case_and_accents_off(text: str, folded: str) -> None:
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
        assert words(term) == [term], "what is looked for is spelt as what is indexed"


@given(st.text(), st.text())
def test_a_word_of_a_translation_is_no_word_of_a_person(text: str, q: str) -> None:
    assert not set(words_in("de", text)) & set(words(q))
    assert [spelling for _, spelling in spellings(q, "de")] == words_in("de", " ".join(terms(q)))


@pytest.mark.parametrize(
    ("written", "bare"), [("الكوب", "كوب"), ("بالكوب", "كوب"), ("للكوب", "كوب"), ("كوب", "كوب"), ("ال", "ال")]
)
def test_an_article_is_no_part_of_an_arabic_word(written: str, bare: str) -> None:
    assert words_in("ar", written) == words_in("ar", bare)
    assert words_in("de", written) != words_in("ar", bare)


def test_a_token_tells_name_and_value_apart() -> None:
    assert token("Colour", "Moss") == token("Colour", "Moss")
    assert len({token("a", "b"), token("ab", ""), token("", "ab"), token("A", "b")}) == 4

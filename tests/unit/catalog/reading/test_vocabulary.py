"""Words that are spelled alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.reading.vocabulary import distance, nearest, shortened


@pytest.mark.parametrize(
    ("one", "other", "mistakes"),
    [
        ("mug", "mug", 0),
        ("mgu", "mug", 1),
        ("teepot", "teapot", 1),
        ("lamp", "lamps", 1),
        ("", "ab", 2),
        ("candel", "cradle", 3),
    ],
)
def test_mistakes_are_counted(one: str, other: str, mistakes: int) -> None:
    assert distance(one, other) == distance(other, one) == mistakes


@given(st.text("abc", min_size=3, max_size=8), st.integers(0, 7), st.sampled_from("abcd"))
def test_a_word_with_a_mistake_has_something_in_common_with_it(word: str, at: int, letter: str) -> None:
    at %= len(word)
    swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    for typed in (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        swapped,
    ):
        assert set(shortened(typed, 1)) & set(shortened(word, 1))
        assert distance(typed, word) <= 1


def test_the_fewest_mistakes_win_and_short_words_forgive_one() -> None:
    assert nearest("cushon", ["cushion", "carton"]) == ["cushion"]
    assert nearest("mgu", ["bag"]) == []
    assert nearest("tabelclot", ["tablecloth"]) == ["tablecloth"]
    assert nearest("x", []) == []


def test_two_vowels_may_be_wrong_in_a_short_word() -> None:
    assert nearest("sope", ["soap", "scope", "rose"]) == ["scope"], "one mistake is less than two"
    assert nearest("sope", ["soap", "rose"]) == ["soap"]
    assert nearest("sope", ["ship", "step"]) == []

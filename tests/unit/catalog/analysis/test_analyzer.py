"""What a search knows of languages."""

from __future__ import annotations

import pytest

from shop.catalog.analysis.analyzer import FOLDER, analyzer, indexed_words, pieces
from shop.catalog.analysis.stems import stemmer
from shop.catalog.text import search_words
from shop.languages import known


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "mug", "mugs"),
        ("en", "shelving", "shelves"),
        ("de", "Lampe", "Lampen"),
        ("de", "Korb", "Körbe"),
        ("de", "Körbe", "Koerbe"),
        ("de", "Straße", "strasse"),
        ("de", "blau", "blaue"),
        ("de", "Schüssel", "Schuesseln"),
        ("ar", "كوب", "الكوب"),
        ("ar", "كوب", "بالكوب"),
        ("ar", "كوب", "للكوب"),
        ("ar", "شمعة", "شمعه"),
        ("ar", "سلة", "السلة"),
        ("ar", "بطانية", "بطانيات"),
        ("fr", "assiette", "assiettes"),
        ("nb", "lampe", "lamper"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    stem = stemmer(language)
    assert [stem(word) for word in search_words(one)] == [stem(word) for word in search_words(other)]


def test_a_language_without_an_algorithm_leaves_words_as_they_are() -> None:
    assert stemmer("vi")("ban") == "ban"


@pytest.mark.parametrize("language", known())
def test_every_language_has_stop_words_and_synonyms(language: str) -> None:
    assert (FOLDER / f"{language}.toml").is_file()
    assert analyzer(language).lexicon.synonyms
    assert analyzer(language).lexicon.stop


def test_synonyms_go_both_ways_unless_it_is_said() -> None:
    synonyms = analyzer("en").lexicon.synonyms
    assert ("cushion",) in synonyms["pillow",]
    assert ("pillow",) in synonyms["cushion",]
    assert ("pendant",) in synonyms["ceil", "lamp"]
    assert ("ceil", "lamp") not in synonyms["pendant",]


def test_stop_words_are_left_out_unless_there_are_no_others() -> None:
    assert analyzer("en").meaningful(["a", "cup", "of", "tea", "cup"]) == ["cup", "tea"]
    assert analyzer("en").meaningful(["the"]) == ["the"]


def test_words_with_a_hyphen_are_also_one() -> None:
    assert indexed_words("T-shirt, blue") == ["t", "shirt", "tshirt", "blue"]


def test_scripts_without_spaces_are_searched_by_pairs_of_letters() -> None:
    assert {"茶", "茶碗"} <= set(indexed_words("青い茶碗"))
    assert pieces("青い茶碗") == ["青い", "い茶", "茶碗"]
    assert pieces("茶") == ["茶"]
    assert pieces("mug") == ["mug"]

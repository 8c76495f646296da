"""Translation: placeholders, plurals, directional isolates, and the current language."""

from __future__ import annotations

import asyncio

import pytest

from shop.errors import ConfigurationError, InvalidInput, NotEnoughStock, NotFound, StoreUnavailable
from shop.formatting import day_of, listed, percent
from shop.i18n import (
    FSI,
    PDI,
    content,
    content_options,
    full_name,
    gettext,
    ngettext,
    pgettext,
    speak,
    speaking,
    spoken,
)
from shop.languages import known, language_of, offered
from shop.money import Money, format_whole


def test_english_is_spoken_where_nobody_says_otherwise() -> None:
    assert (spoken().code, spoken().direction) == ("en", "ltr")
    assert gettext("Only {available} of {title} left.", available=2, title="Tide Mug") == "Only 2 of Tide Mug left."


def test_a_language_is_spoken_within_its_block_and_in_its_task_only() -> None:
    with speaking(language_of("de")):
        assert gettext("Cart") == "Warenkorb"
        with speaking(language_of("ar")):
            assert gettext("Cart") == "السلة"
        assert gettext("Cart") == "Warenkorb"
    assert gettext("Cart") == "Cart"


async def test_tasks_do_not_change_each_others_language() -> None:
    async def said(code: str) -> list[str]:
        speak(language_of(code))
        words = []
        for _ in range(3):
            await asyncio.sleep(0)
            words.append(gettext("Cart"))
        return words

    assert [*await asyncio.gather(said("de"), said("en"), said("ar"))] == [
        ["Warenkorb"] * 3,
        ["Cart"] * 3,
        ["السلة"] * 3,
    ]


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "لا أصناف"), (1, "صنف واحد"), (2, "صنفان"), (3, "3 أصناف"), (11, "11 صنفًا"), (100, "100 صنف")],
)
def test_arabic_has_six_forms_of_a_plural(count: int, words: str) -> None:
    with speaking(language_of("ar")):
        assert ngettext("{count} item", "{count} items", count) == words


def test_large_counts_are_grouped_as_the_language_does() -> None:
    assert ngettext("{count} product", "{count} products", 1204) == "1,204 products"
    assert ngettext("{count} product", "{count} products", 2400, at_least=True) == "2,400+ products"
    with speaking(language_of("de")):
        assert ngettext("{count} product", "{count} products", 1204) == "1.204 Produkte"


def test_what_is_filled_in_neither_turns_words_around_nor_is_turned() -> None:
    with speaking(language_of("ar")):
        assert gettext("Order {number}", number="12AB-3C4D") == f"الطلب {FSI}12AB-3C4D{PDI}"


def test_a_latin_title_does_not_turn_the_arabic_words_after_it() -> None:
    assert full_name("Tide Mug", "") == "Tide Mug"
    assert full_name("Tide Mug", "Moss") == "Tide Mug, Moss"
    with speaking(language_of("ar")):
        assert full_name("Tide Mug", "Moss") == f"{FSI}Tide Mug{PDI}،\u200f {FSI}طحلبي{PDI}"


def test_what_has_no_translation_is_said_as_it_is() -> None:
    with speaking(language_of("de")):
        assert gettext("Never written {here}.", here="anywhere") == "Never written anywhere."
        assert pgettext("nowhere", "Cart") == "Cart"
        assert (gettext(""), NotFound().message) == ("", "")
        assert content("A title of somebody's own catalogue") == "A title of somebody's own catalogue"


def test_the_catalogue_is_translated_text_by_text() -> None:
    with speaking(language_of("de")):
        assert content("<p>Colour</p><ul><li>Size</li><li>Neap &amp; more</li></ul>") == (
            "<p>Farbe</p><ul><li>Größe</li><li>Neap &amp; more</li></ul>"
        )
        assert content_options("Fog / Large") == "Nebel / Groß"
    assert content("<p>Colour</p>") == "<p>Colour</p>"


def test_an_error_speaks_the_language_of_whoever_reads_it_and_logs_stay_english() -> None:
    with speaking(language_of("de")):
        error = NotEnoughStock("Tide Mug", 2)
        assert (str(error), error.message) == ("Only 2 of Tide Mug left.", "Nur noch 2 Stück von Tide Mug da.")
    assert error.message == "Only 2 of Tide Mug left."
    assert InvalidInput("{a} {b}").message == "{a} {b}"


def test_what_a_store_says_of_itself_is_for_operators() -> None:
    error = StoreUnavailable("No node of the cluster answers in time.")
    assert error.message == str(error)
    assert StoreUnavailable().message == StoreUnavailable.in_general, "a time-out says nothing of itself"
    with speaking(language_of("de")):
        assert error.message == "Der Shop kann das gerade nicht. Bitte versuche es gleich noch einmal."


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", ["€1,234.50", "€20", "15 January 2027", "25.5%", "13, 16 or 19"]),
        ("de", ["1.234,50 €", "20 €", "15. Januar 2027", "25,5 %", "13, 16 oder 19"]),
        ("ar", ["\u200f1,234.50 €", "\u200f20 €", "15 يناير 2027", "25.5%", "13 أو 16 أو 19"]),
    ],
)
def test_amounts_days_and_lists_are_written_as_the_language_does(code: str, words: list[str]) -> None:
    with speaking(language_of(code)):
        written = [Money(123450, "EUR").format(), format_whole(20, "EUR"), day_of(1_800_000_000)]
        written += [percent("25.5%"), listed(["13", "16", "19"], "or")]
        assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in written] == words


def test_languages_are_those_that_have_a_catalogue() -> None:
    assert known() == ("en", "ar", "de")
    assert [(each.code, each.name, each.direction) for each in offered("de, ar en de")] == [
        ("de", "Deutsch", "ltr"),
        ("ar", "العربية", "rtl"),
        ("en", "English", "ltr"),
    ]
    for setting in ("", "tlh", "en xx"):
        with pytest.raises(ConfigurationError, match="LANGUAGES"):
            offered(setting)

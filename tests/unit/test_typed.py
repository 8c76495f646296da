"""Typed text has one form, whatever keyboard, script or clipboard it comes from."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shop.typed import MAX_NUMBER, digits, folded, lines, one_form, one_line, whole_number

ZEROS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.decimal(chr(code), None) == 0]
"""The digit zero of every script."""
INVISIBLE = "\u00ad\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\u3164\ufeff"
SPACES = " \t\u00a0\u2007\u2009\u202f\u3000"
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"

anything = st.text(max_size=60)
numbers = st.integers(0, 10**9)
scripts = st.sampled_from(ZEROS)


def written(number: int, zero: str) -> str:
    """A number in the digits of a script."""
    return "".join(chr(ord(zero) + int(digit)) for digit in str(number))


@st.composite
def strewn(draw: st.DrawFn, text: str) -> str:
    """A text with invisible characters anywhere, and spaces around it."""
    marks = st.text(INVISIBLE, max_size=2)
    inner = "".join(draw(marks) + sign for sign in text) + draw(marks)
    return draw(st.text(SPACES, max_size=2)) + inner + draw(st.text(SPACES, max_size=2))


@pytest.mark.parametrize("form", [one_form, one_line, lines, digits, folded])
@given(text=anything)
@example("\u1e9e\u0345\u200d")
@example("ﷺ\u0308½①")
@example("O¨")
def test_a_form_has_itself_as_its_form(form: Callable[[str], str], text: str) -> None:
    assert form(form(text)) == form(text)


@given(anything)
def test_a_line_has_no_control_characters_and_no_space_outside(text: str) -> None:
    line = one_line(text)
    assert line == line.strip()
    assert not any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in line)


@given(numbers, scripts, st.data())
def test_a_number_is_read_in_the_digits_of_every_script(number: int, zero: str, data: st.DataObject) -> None:
    typed = data.draw(strewn(written(number, zero)))
    assert whole_number(typed[:MAX_NUMBER]) == number or len(typed) > MAX_NUMBER
    assert one_form(typed) == str(number)


@given(st.text("ABCXYZ0123456789", min_size=1, max_size=12), st.sampled_from(DASHES), st.data())
def test_a_code_survives_every_dash_and_every_invisible_character(code: str, dash: str, data: st.DataObject) -> None:
    assert one_form(data.draw(strewn(f"{code}{dash}{code}"))) == f"{code}-{code}"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        (" 12 ", 12),
        ("+3", 3),
        ("٣", 3),
        ("３", 3),
        ("३", 3),
        ("\u200e3\u200f", 3),
        ("1e1", 10),
        ("1E+1", 10),
        ("10e-1", 1),
        ("2.0", 2),
        ("2.", 2),
        ("2,0", 2),
        ("٢٫٠", 2),
        ("0", 0),
        ("9999999999", 9999999999),
        ("", None),
        ("1.5", None),
        ("1,5", None),
        ("½", None),
        ("1,000", None),
        ("1e-1", None),
        ("-1", None),
        ("−1", None),
        ("three", None),
        ("三", None),
        ("0x10", None),
        ("1_000", None),
        ("1e9999", None),
        ("nan", None),
        ("inf", None),
        ("1 2", None),
        ("9" * 41, None),
    ],
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢", "4242424242424242"),
        ("４２４２－４２４２—4242−4242", "4242424242424242"),
        ("\u202a4242.4242\u00a04242\u202f4242\u202c", "4242424242424242"),
        ("42a2", "42a2"),
    ],
)
def test_digits_of_a_card(typed: str, plain: str) -> None:
    assert digits(typed) == plain


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("\u202eAda\u200b", "Ada"),
        ("\u3164", ""),
        ("\u200b\u200f", ""),
        ("\u2800 \u00a0", ""),
        ("Jose\u0301", "José"),
        ("½ Teeweg 3²", "½ Teeweg 3²"),
        ("می‌خواهم", "می‌خواهم"),
        ("क्‍ष", "क्‍ष"),
        ("👩‍🍳❤️", "👩‍🍳❤️"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("A\u200dda", "Ada"),
        ("شارع ٥", "شارع ٥"),
    ],
)
def test_free_text_stays_as_it_is_seen(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Côte d’Ivoire", "cote d ivoire"),
        ("ÖSTERREICH", "osterreich"),
        ("Straße", "strasse"),
        ("Færøerne", "faeroerne"),
        ("İstanbul ISPARTA ıı", "istanbul isparta ii"),
        ("ＤＥ", "de"),
        ("Ελλάδα", "ελλαδα"),
        ("السُّعُودِيَّة", "السعودية"),
        ("مصبـاح", "مصباح"),
        ("किताब", "किताब"),
        ("भारत", "भारत"),
        ("ไทย", "ไทย"),
        ("กาแฟ", "กาแฟ"),
        ("ガラス", "ガラス"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("ペット", "ペット"),
        ("대한민국", "대한민국"),
        ("mu\u00adg", "mug"),
        ("--", ""),
    ],
)
def test_words_for_comparing(text: str, words: str) -> None:
    assert folded(text) == words


def test_marks_that_are_letters_are_kept_apart() -> None:
    assert len({folded(word) for word in ("ガラス", "カラス", "ベッド", "ペット", "ヘット")}) == 5

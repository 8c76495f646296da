"""Reads typed text as it was meant. Pure; used wherever people type: forms, addresses of pages, files, commands.

One number or code can be typed in many ways: with the digits of another script ('٣', '３'), with direction marks that
copying adds, with a typographic dash, with no-break spaces. Three forms, from the strictest to the mildest:

    folded      for comparing words: neither case nor accents nor punctuation
    one_form    for numbers, codes, addresses of e-mail: NFKC, digits 0 to 9, '-' for every dash, single spaces
    one_line    for names and other free text: what is seen stays as it is, what is not seen goes
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

MAX_NUMBER = 40
"""Characters of a number."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff]"
)
"""Characters without an appearance (Unicode's Default_Ignorable_Code_Point) and directions of text, except joiners,
tags and variation selectors: they shape letters and emoji."""
_JOINERS = re.compile("(?<![\u0590-\U000e0000])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0590-\U000e0000])")
"""Joiners that join nothing: Persian, the scripts of India and emoji need the others."""
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_DASHES = re.compile("[\u058a\u05be\u1806\u2010-\u2015\u207b\u208b\u2212\u2e3a\u2e3b\u2e5d\u301c\u3030\ufe31\ufe32]")
_BLANK = "\u2800"
"""BRAILLE PATTERN BLANK: a symbol by its category, a space to the eye."""
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks that words are also written without: accents, and the points of Hebrew and Arabic. The marks of the scripts of
India, of Thai and of Japanese are letters."""
_AS_ASCII = str.maketrans({"٫": ".", _BLANK: " "})
APOSTROPHES = "'’‘‛`´′＇ʹʻʼʽʾʿˈˊˋꞋꞌ\u05f3\u07f4\u07f5"
"""What keyboards and people write for an apostrophe. Unicode takes half of them for letters."""
_NO_APOSTROPHES = str.maketrans(dict.fromkeys(APOSTROPHES, " "))
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_NUMBER = re.compile(r"(?P<number>\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?)|(?P<comma>\+?\d+),0{1,2}", re.ASCII)


def one_form(text: str) -> str:
    """The one form of a number or a code, however it was typed: ' ٤２ – 7\u200f' -> '42 - 7'. Idempotent."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _SELECTORS.sub("", _INVISIBLE.sub("", text)))
        text = "".join(map(_digit, _DASHES.sub("-", _INVISIBLE.sub("", text)))).translate(_AS_ASCII)
        text = unicodedata.normalize("NFKC", _JOINERS.sub("", text))
    return _single_spaces(text)


def one_line(text: str) -> str:
    """Free text on one line (NFC), with single spaces and without what is not seen. Idempotent."""
    return _single_spaces(_seen(text))


def lines(text: str) -> str:
    """Free text with its lines, separated by line feeds, without what is not seen. Idempotent."""
    return "\n".join(_seen(line.replace("\t", " ")).rstrip() for line in text.splitlines()).strip()


def digits(text: str) -> str:
    """The number on a card or the like, without the spaces, dashes and points that divide it; other signs stay."""
    return one_form(re.sub(r"[\s.-]", "", one_form(text)))


def whole_number(text: str) -> int | None:
    """A whole number that is not negative: '3', '٣', '+3', '2.0', '2,0', '1e1'; None for any other text.

    A form's number field sends '2.0' and '1e1' as they were typed (HTML Standard, 4.10.5.1.12).
    """
    found = _NUMBER.fullmatch(one_form(text)) if len(text) <= MAX_NUMBER else None
    if found is None:
        return None
    value = Decimal(found["number"] or found["comma"])
    return int(value) if value == value.to_integral_value() else None


def folded(text: str) -> str:
    """The words of a text for comparing, with single spaces: 'Côte d’Ivoire' -> 'cote d ivoire'. Idempotent."""
    text = one_form(text.translate(_NO_APOSTROPHES)).casefold()
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).translate(_LETTERS)
    text = unicodedata.normalize("NFC", re.sub("[\u0640\u200c\u200d]", "", text))
    return " ".join(_words(text))


def is_one_edit(one: str, other: str) -> bool:
    """Whether one text becomes the other by one letter more, less or changed, or by two that change places."""
    if abs(len(one) - len(other)) > 1:
        return False
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])


@lru_cache(maxsize=4096)
def _digit(sign: str) -> str:
    """A digit as one of 0 to 9, any other sign as it is."""
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def _seen(text: str) -> str:
    """The characters of a text that have an appearance, or shape others; '' if none has one."""
    if text.isascii():
        return _UNPRINTABLE.sub("", text)
    text = unicodedata.normalize("NFC", _JOINERS.sub("", _INVISIBLE.sub("", _UNPRINTABLE.sub("", text))))
    return text if any(map(_is_seen, text)) else ""


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNPS" and sign != _BLANK


def _single_spaces(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> list[str]:
    """Runs of letters, digits and the marks of letters."""
    signs = (sign if sign.isalnum() or unicodedata.category(sign)[0] == "M" else " " for sign in text)
    return "".join(signs).split()

"""Folds text so that it can be compared, and makes slugs and index tokens of it. Pure; the same for every database.

How words of a language are searched (stems, synonyms, stop words) is in `analysis`.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby

from shop.typed import APOSTROPHES

MAX_WORD = 64
"""Characters of a word that are indexed."""

_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks that words are also written without: accents, and the points of Hebrew and Arabic. The marks of the scripts of
India, of Thai and of Japanese are letters."""
_IGNORED = re.compile("[\u00ad\u034f\u0640\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
"""Soft hyphens, joiners, marks of direction, and the Arabic letter that only stretches a word."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_SAME_IN_ARABIC = str.maketrans("ةىٱیکۀہ", "هيايكهه")
"""Arabic letters that are typed for each other, and those of Persian and Urdu keyboards."""


def _ranges(category: str) -> str:
    """The characters of a general category of Unicode, as part of a regular expression's set."""
    wanted = (
        (unicodedata.category(chr(code))[0] == category, code) for code in range(0x300, min(sys.maxunicode, 0x20000))
    )
    runs = ([code for _, code in run] for is_wanted, run in groupby(wanted, lambda pair: pair[0]) if is_wanted)
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)


_MARKS = _ranges("M")
_WORD = re.compile(f"(?:[^\\W_]|[{_MARKS}])+")
_PIECE = re.compile(f"[0-9]+|(?:[^\\W0-9_]|[{_MARKS}])+")
_APOSTROPHES = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
_GENITIVE = re.compile(r"(?<=\w)'(?=s\b)")


def fold(text: str) -> str:
    """Lower case without accents, digits as 0 to 9: 'Crème BRÛLÉE ٣' -> 'creme brulee 3'."""
    if text.isascii():
        return text.lower()
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())).casefold().translate(_LETTERS)
    return unicodedata.normalize("NFC", "".join(map(_digit, _IGNORED.sub("", text))))


@lru_cache(maxsize=4096)
def _digit(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def search_words(text: str) -> list[str]:
    """The folded words of a text, in order: runs of letters, and runs of digits. '10mm' is '10', 'mm'."""
    folded = fold(_GENITIVE.sub("", text.translate(_APOSTROPHES)))
    if not folded.isascii():
        folded = folded.translate(_SAME_IN_ARABIC)
    return [word[:MAX_WORD] for word in _PIECE.findall(folded)]


@lru_cache(maxsize=4096)
def slug(title: str) -> str:
    """A title as part of a URL: 'Bed & Bath' -> 'bed-bath'. '' for a title without letters and digits."""
    return "-".join(word[:MAX_WORD] for word in _WORD.findall(fold(title)))


@lru_cache(maxsize=16384)
def token(name: str, value: str) -> str:
    """The index token of 'option `name` is `value`'. Typed text never produces one."""
    return "0x" + blake2b(f"{name}\0{value}".encode(), digest_size=10).hexdigest()


def category_token(category: str) -> str:
    """The index token of a category's slug."""
    return token("", category)

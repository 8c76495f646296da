"""Stems of words: one form for 'lamp' and 'lamps', for 'Korb' and 'Koerbe'. Pure.

Words are folded first, so an umlaut makes no difference. The algorithms are those of Snowball (snowballstem.org); for
Arabic it is the light stemmer of Larkey, Ballesteros and Connell (2007), because broken plurals need a list anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import snowballstemmer
from babel import Locale

Stem = Callable[[str], str]

_DIGRAPHS = re.compile(r"ae|oe|(?<![aeiouq])ue")
"""How umlauts are typed without their key; 'ue' also occurs in 'blaue' and 'quer'."""
_ARABIC_PREFIX = re.compile(r"\A(?:[وفبكل]?ال|لل)(?=\w{2})|\Aو(?=\w{3})")
_ARABIC_SUFFIX = re.compile(r"(?<=\w{2})(?:يات|ها|ان|ات|ون|ين|يه)\Z|(?<=\w{2})[هي]\Z")


@lru_cache(maxsize=64)
def stemmer(language: str) -> Stem:
    """The function from a folded word to its stem; from a word to itself for a language without an algorithm."""
    if language == "ar":
        return lru_cache(maxsize=65536)(_arabic)
    name = (Locale.parse(language, sep="-").get_language_name("en") or "-").lower().split()[0]
    if name not in snowballstemmer.algorithms():
        return str
    stem: Stem = snowballstemmer.stemmer(name).stemWord
    prepare = _german if language == "de" else str
    return lru_cache(maxsize=65536)(lambda word: stem(prepare(word)))


def _german(word: str) -> str:
    return _DIGRAPHS.sub(lambda found: found[0][0], word)


def _arabic(word: str) -> str:
    return _ARABIC_SUFFIX.sub("", _ARABIC_PREFIX.sub("", word))

"""How the words of one language are indexed and searched. An analyzer is immutable and shared.

A *lexeme* is what the index stores: a word as it is written (folded), or one that belongs to a language (a stem, a word
of a translation) behind the language's code. A search in German never finds the stems of another language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from shop.catalog.analysis.stems import Stem, stemmer
from shop.catalog.text import search_words

Phrase = tuple[str, ...]
"""The stems of one or more words."""

MARK = "\ue000"
"""Ends the code of a lexeme's language. A private-use character: every index takes it for a letter, no text has it."""
FOLDER = Path(__file__).with_name("words")

_COMPOUNDING = frozenset(("de", "nl", "sv", "da", "nb", "nn", "no", "is", "fi", "et", "hu"))
"""Languages that write compounds as one word, whose last part says what it is."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
"""Scripts that are written without spaces between words: Thai, Burmese, Khmer, Chinese, Japanese, Korean particles."""


class Lexicon(msgspec.Struct, frozen=True):
    """A language's stop words, and what a phrase finds besides itself. All are stems."""

    stop: frozenset[str] = frozenset()
    synonyms: Mapping[Phrase, tuple[Phrase, ...]] = {}
    words: frozenset[str] = frozenset()
    """The words of all synonyms as they are written: known, though no product may have them."""


class Analyzer:
    """The analysis of a language. `code` is that of shop.languages."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.stem: Stem = stemmer(code)
        self.compounds = code.split("-")[0] in _COMPOUNDING
        self.lexicon = _lexicon(code, self.stem)
        self.longest_phrase = max(map(len, self.lexicon.synonyms), default=1)

    def exact(self, word: str) -> tuple[str, ...]:
        """The lexemes of a word as it is written, or of a stem: in the product's own words, and in this language."""
        return word, f"{self.code}{MARK}{word}"

    def meaningful(self, words: Iterable[str]) -> list[str]:
        """The distinct words without stop words; all of them if they are all stop words."""
        distinct = list(dict.fromkeys(words))
        return [word for word in distinct if self.stem(word) not in self.lexicon.stop] or distinct

    def own(self, words: Iterable[str]) -> Iterator[str]:
        """The lexemes that this language adds to a product's own words: their stems."""
        for word in words:
            if is_word(word) and (stem := self.stem(word)) != word:
                yield f"{self.code}{MARK}{stem}"

    def translated(self, words: Iterable[str]) -> Iterator[str]:
        """The lexemes of words of a translation into this language."""
        for word in words:
            yield f"{self.code}{MARK}{word}"
        yield from self.own(words)


@lru_cache(maxsize=64)
def analyzer(code: str) -> Analyzer:
    """The analyzer of a language."""
    return Analyzer(code)


def is_word(word: str) -> bool:
    """Whether a word has letters, and is written with spaces around it: then it can have stems and typos."""
    return not (word[0].isdigit() or _UNSPACED.match(word))


def pieces(word: str) -> list[str]:
    """What is searched for a word: itself; the pairs of letters of a script without spaces."""
    if len(word) < 3 or not _UNSPACED.match(word):
        return [word]
    return [word[at : at + 2] for at in range(len(word) - 1)]


def indexed_words(text: str) -> list[str]:
    """The words of a text that are indexed, in order, without repetition.

    Words with a hyphen are also indexed as one ('tshirt'); scripts without spaces as single letters and as pairs.
    """
    found: dict[str, None] = {}
    for chunk in text.split():
        words = search_words(chunk)
        for word in words:
            found[word] = None
            if _UNSPACED.match(word):
                found |= dict.fromkeys((*word, *pieces(word)))
        if 1 < len(words) < 4 and all(map(is_word, words)):
            found["".join(words)] = None
    return list(found)


def _lexicon(code: str, stem: Stem) -> Lexicon:
    """Reads words/{code}.toml; empty if there is none."""
    file = FOLDER / f"{code}.toml"
    if not file.is_file():
        return Lexicon()
    data = tomllib.loads(file.read_text("utf-8"))
    synonyms: dict[Phrase, dict[Phrase, None]] = {}
    words: set[str] = set()
    for line in filter(None, map(str.strip, data["synonyms"].splitlines())):
        left, _, right = line.partition(">")
        finding = [search_words(phrase) for phrase in left.split(",")]
        words.update(word for phrase in finding for word in phrase)
        _relate(synonyms, [tuple(map(stem, phrase)) for phrase in finding], _phrases(right, stem))
    stop = frozenset(stem(word) for word in search_words(data["stop"]))
    return Lexicon(stop, {phrase: tuple(found) for phrase, found in synonyms.items()}, frozenset(words))


def _phrases(text: str, stem: Stem) -> list[Phrase]:
    return [tuple(map(stem, search_words(phrase))) for phrase in text.split(",") if phrase.strip()]


def _relate(synonyms: dict[Phrase, dict[Phrase, None]], finding: Sequence[Phrase], found: Sequence[Phrase]) -> None:
    """Add that each phrase of `finding` finds `found`; each other, if that is empty."""
    for phrase in finding:
        others = [other for other in (found or finding) if other != phrase]
        synonyms.setdefault(phrase, {}).update(dict.fromkeys(others))

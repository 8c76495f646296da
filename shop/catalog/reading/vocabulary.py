"""The words of the catalogue: which exist, which begin or end in a certain way, which are spelled alike.

Words spelled alike are found by what they have in common when letters are left out: 'teepot' and 'teapot' are both
'tepot' without their third letter. That is a look-up by key on every database, at any number of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.reading.text_search import Field
from shop.catalog.schema import search_spellings, search_words
from shop.database import fetch

MAX_WORDS = 40
"""Words that a beginning or an ending stands for at most: those of titles and the shortest first."""
SHORT = 5
"""Letters of a word from which its first letter may be wrong."""
LONG = 6
"""Letters of a word from which two mistakes are forgiven."""
MAX_TYPO = 24
"""Letters of a word in which mistakes are looked for."""
_VOWELS = re.compile("[aeiouy]")
_LAST = "\U0010ffff"
_words = search_words.c


class Entry(msgspec.Struct, frozen=True, order=True):
    """A word of the catalogue."""

    word: str
    stem: str
    field: int


class Vocabulary:
    """Reads the words of one language. Every method may raise StoreUnavailable and ConfigurationError."""

    def __init__(self, engine: AsyncEngine, language: str) -> None:
        self._engine = engine
        self._language = language

    async def known(self, words: Iterable[str], stems: Iterable[str]) -> list[Entry]:
        """The words that are among these, or have one of these stems."""
        return await self._entries(or_(_words.word.in_(sorted(set(words))), _words.stem.in_(sorted(set(stems)))))

    async def beginning(self, starts: Sequence[str]) -> list[Entry]:
        """The words that begin with one of these."""
        return await self._entries(or_(*(_between(_words.word, start) for start in starts)), MAX_WORDS)

    async def ending(self, ends: Sequence[str]) -> list[Entry]:
        """The words whose stems end with one of these."""
        return await self._entries(or_(*(_between(_words.ending, end[::-1]) for end in ends)), MAX_WORDS)

    async def near(self, word: str) -> list[str]:
        """The words that are probably meant: those with the fewest mistakes, those of titles first."""
        spelled = search_spellings.c
        statement = (
            select(_words.word, _words.field)
            .join(search_spellings, and_(spelled.language == _words.language, spelled.word == _words.word))
            .where(spelled.language == self._language, spelled.spelling.in_(shortened(word, forgiven(word))))
            .distinct()
        )
        fields = {row.word: row.field for row in await fetch(self._engine, statement)}
        likely = [other for other, field in fields.items() if field < Field.TEXT or _is_likely(word, other)]
        return sorted(nearest(word, likely), key=lambda other: (fields[other], other[0] != word[0], other))

    async def _entries(self, condition: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
        statement = select(_words.word, _words.stem, _words.field).where(_words.language == self._language, condition)
        order = (_words.field, func.length(_words.word), _words.word)
        return [
            Entry(row.word, row.stem, row.field)
            for row in await fetch(self._engine, statement.order_by(*order).limit(limit))
        ]


def _between(column: ColumnElement[str], start: str) -> ColumnElement[bool]:
    return and_(column >= start, column < start + _LAST)


def _is_likely(word: str, other: str) -> bool:
    """Whether a word that is only in descriptions may be meant: long ones with one mistake."""
    return len(word) > LONG and distance(word, other) == 1


def forgiven(word: str) -> int:
    """The mistakes that are forgiven in a word."""
    return 2 if len(word) >= LONG else 1


def shortened(word: str, letters: int) -> list[str]:
    """The word, and what is left of it without up to this number of letters."""
    found, last = {word}, {word}
    for _ in range(letters):
        last = {rest[:at] + rest[at + 1 :] for rest in last for at in range(len(rest)) if len(rest) > 2}
        found |= last
    return sorted(found)


def nearest(word: str, others: Iterable[str]) -> list[str]:
    """The words with the smallest number of mistakes, if that is forgiven.

    Short words have many neighbours: a mistake in their first letter is forgiven only if letters are swapped.
    """
    if len(word) < SHORT:
        others = [other for other in others if other[0] == word[0] or sorted(other) == sorted(word)]
    mistakes = {other: distance(word, other) for other in others}
    forgivable = {other: count for other, count in mistakes.items() if count <= _forgiven_for(word, other)}
    fewest = min(forgivable.values(), default=0)
    return [other for other, count in forgivable.items() if count == fewest]


def _forgiven_for(word: str, other: str) -> int:
    """The mistakes that are forgiven between two words: two among vowels, because these are spelled by ear."""
    return 2 if _VOWELS.sub("", word) == _VOWELS.sub("", other) else forgiven(word)


def distance(one: str, other: str) -> int:
    """Letters added, left out, exchanged or swapped between two words (optimal string alignment)."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, opposite in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != opposite))
            if i > 1 < j and letter == other[j - 2] and one[i - 2] == opposite:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]

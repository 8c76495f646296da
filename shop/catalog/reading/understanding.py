"""Reads a typed search: which words it has, what they stand for, and what was meant where a word is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.analysis.analyzer import Analyzer, analyzer, is_word, pieces
from shop.catalog.reading.text_search import Alternative, Group, Kind, Term, TextSearch
from shop.catalog.reading.vocabulary import MAX_TYPO, Entry, Vocabulary, forgiven, nearest, shortened
from shop.catalog.text import search_words

MAX_TERMS = 12
"""Words of a search that are used; the rest is ignored."""
MIN_PART = 3
"""Letters of the parts of a compound."""
MIN_ENDING = 4
"""Letters of the last part of a compound."""
MIN_COMPOUND = 8
"""Letters of a compound that is also looked for by its parts, though it is known."""
MAX_CORRECTIONS = 4
"""Words that a misspelled one may stand for."""


async def understood(engine: AsyncEngine, q: str, language: str) -> TextSearch | None:
    """The search for a text in a language; None if the text has neither letters nor digits."""
    analysis = analyzer(language)
    words = analysis.meaningful(search_words(q))[:MAX_TERMS]
    if not words:
        return None
    terms = await Reader(Vocabulary(engine, language), analysis).terms(words)
    return TextSearch(terms, len(terms))


class Known(msgspec.Struct):
    """What the catalogue has of the words of a search."""

    words: set[str]
    stems: set[str]

    def add(self, entries: Iterable[Entry]) -> None:
        """Take note of words that exist."""
        for entry in entries:
            self.words.add(entry.word)
            self.stems.add(entry.stem)


class Reader:
    """Reads searches in one language."""

    def __init__(self, vocabulary: Vocabulary, analysis: Analyzer) -> None:
        self._vocabulary = vocabulary
        self._analysis = analysis

    async def terms(self, words: Sequence[str]) -> tuple[Term, ...]:
        """The terms of a search's words. Words that are written as one elsewhere, or are a phrase, are one term."""
        known = await self._known([*words, *map("".join, pairwise(words))])
        parts = list(self._phrases(words, known))
        return tuple([await self._term(part, known, last=at == len(parts) - 1) for at, part in enumerate(parts)])

    async def _known(self, words: Iterable[str]) -> Known:
        words = [word for word in words if is_word(word)]
        known = Known(set(), set())
        if words:
            known.add(await self._vocabulary.known(words, map(self._analysis.stem, words)))
        return known

    def _phrases(self, words: Sequence[str], known: Known) -> Iterator[tuple[str, ...]]:
        """The words in groups: phrases that have synonyms, words that are one in the catalogue, and single ones."""
        at = 0
        while at < len(words):
            length = self._phrase_length(words[at:], known)
            yield tuple(words[at : at + length])
            at += length

    def _phrase_length(self, words: Sequence[str], known: Known) -> int:
        stems = tuple(map(self._analysis.stem, words))
        for length in range(min(self._analysis.longest_phrase, len(words)), 1, -1):
            if stems[:length] in self._analysis.lexicon.synonyms:
                return length
        return 2 if len(words) > 1 and self._has("".join(words[:2]), known) else 1

    def _has(self, word: str, known: Known) -> bool:
        return word in known.words or self._analysis.stem(word) in known.stems

    async def _term(self, phrase: tuple[str, ...], known: Known, *, last: bool) -> Term:
        typed = " ".join(phrase)
        if len(phrase) > 1:
            whole = Alternative(Kind.EXACT, tuple(self._forms(word) for word in phrase))
            joined = self._written("".join(phrase)) if self._has("".join(phrase), known) else []
            return Term(typed, (whole, *joined, *self._synonyms(phrase)))
        (word,) = phrase
        if not is_word(word):
            return Term(typed, (Alternative(Kind.EXACT, tuple(self._analysis.exact(piece) for piece in pieces(word))),))
        if found := await self._alternatives(word, known, last=last):
            return Term(typed, tuple(found))
        corrections = (await self._corrections(word))[:MAX_CORRECTIONS]
        return Term(typed, tuple(self._corrected(corrections)), corrections[0] if corrections else "")

    async def _alternatives(self, word: str, known: Known, *, last: bool) -> list[Alternative]:
        """The ways to match a word; empty if the catalogue has nothing of it."""
        synonyms = self._synonyms((word,))
        has = self._has(word, known)
        found = [*(self._written(word) if has or synonyms else ()), *synonyms]
        if others := await self._related(word, known=bool(found), last=last):
            found.append(Alternative(Kind.LIKE, (self._lexemes(others),)))
        if not found or (has and self._analysis.compounds and len(word) >= MIN_COMPOUND):
            found += await self._split(word, known=bool(found))
        return found

    async def _related(self, word: str, *, known: bool, last: bool) -> list[Entry]:
        """Words that begin with this one (it may not be complete yet), and compounds that have it as a part."""
        stem, compounds = self._analysis.stem(word), self._analysis.compounds
        starts = {word} if last or not known else set()
        if compounds and len(stem) >= MIN_PART:
            starts.add(stem)
        found = await self._vocabulary.beginning(sorted(starts)) if starts else []
        found = [
            entry
            for entry in found
            if (word in starts and entry.word.startswith(word)) or len(entry.word) >= len(stem) + MIN_ENDING
        ]
        if compounds and len(stem) >= MIN_ENDING:
            found += await self._vocabulary.ending([stem])
        return found

    async def _split(self, word: str, *, known: bool) -> list[Alternative]:
        """The two parts of a word: 'tidemug'. Of a compound that is not known as a whole, the last part will do."""
        places = range(MIN_PART, len(word) - MIN_PART + 1)
        parts = await self._known([part for at in places for part in (word[:at], word[at:])])
        found = [
            Alternative(Kind.LIKE, (self._forms(word[:at]), self._forms(word[at:])))
            for at in places
            if self._has(word[:at], parts) and self._has(word[at:], parts)
        ]
        if self._analysis.compounds and not known:
            found += await self._last_part(word, parts)
        return found

    async def _last_part(self, word: str, known: Known) -> list[Alternative]:
        ends = (word[at:] for at in range(MIN_PART, len(word) - MIN_ENDING + 1))
        end = next((end for end in ends if self._has(end, known) or self._synonyms((end,))), None)
        if end is None:
            return []
        alternatives = await self._alternatives(end, known, last=False)
        return [msgspec.structs.replace(alternative, kind=Kind.LOOSE) for alternative in alternatives]

    async def _corrections(self, word: str) -> list[str]:
        """The words that were probably meant: those near the word, else those near its stem ('vaces' is 'vase')."""
        for form in dict.fromkeys((word, self._analysis.stem(word))):
            if found := await self._near(form):
                return found
        return []

    async def _near(self, word: str) -> list[str]:
        """The nearest words of the catalogue and of the synonyms."""
        if not 3 <= len(word) <= MAX_TYPO:
            return []
        near = [*await self._vocabulary.near(word), *_near_synonyms(self._analysis, word)]
        return [] if word in near else nearest(word, dict.fromkeys(self._analysis.meaningful(near)))

    def _corrected(self, words: Sequence[str]) -> Iterator[Alternative]:
        for word in words:
            for alternative in (*self._written(word), *self._synonyms((word,))):
                yield msgspec.structs.replace(alternative, kind=Kind.LOOSE)

    def _written(self, word: str) -> list[Alternative]:
        """A word as it is, and in its other forms."""
        exact, stemmed = self._analysis.exact(word), self._analysis.exact(self._analysis.stem(word))
        return [Alternative(Kind.EXACT, (exact,)), Alternative(Kind.STEM, (stemmed,))]

    def _forms(self, word: str) -> Group:
        return tuple(dict.fromkeys((*self._analysis.exact(word), *self._analysis.exact(self._analysis.stem(word)))))

    def _synonyms(self, phrase: Sequence[str]) -> list[Alternative]:
        stems = tuple(map(self._analysis.stem, phrase))
        return [
            Alternative(Kind.LIKE, tuple(self._analysis.exact(stem) for stem in synonym))
            for synonym in self._analysis.lexicon.synonyms.get(stems, ())
        ]

    def _lexemes(self, entries: Iterable[Entry]) -> Group:
        return tuple(dict.fromkeys(lexeme for entry in entries for lexeme in self._analysis.exact(entry.word)))


def _near_synonyms(analysis: Analyzer, word: str) -> set[str]:
    spellings = _synonym_spellings(analysis.code)
    return {other for rest in shortened(word, forgiven(word)) for other in spellings.get(rest, ())}


@lru_cache(maxsize=64)
def _synonym_spellings(language: str) -> dict[str, list[str]]:
    spellings: dict[str, list[str]] = {}
    for word in sorted(analyzer(language).lexicon.words):
        for rest in shortened(word, 1):
            spellings.setdefault(rest, []).append(word)
    return spellings

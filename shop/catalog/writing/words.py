"""Writes the words that a search can find, beside the index itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.analysis.analyzer import analyzer
from shop.catalog.reading.text_search import Field
from shop.catalog.reading.vocabulary import MAX_TYPO, shortened
from shop.catalog.schema import search_spellings, search_words
from shop.database import insert_into

BATCH = 2000
"""Rows written per statement."""

Word = tuple[str, str]
"""(language, word)."""


class WordWriter:
    """Adds words on a connection that is inside a transaction. Words are not removed one by one, but all at once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._written: dict[Word, Field] = {}
        """What this writer has added: most products have no new word."""

    async def clear(self) -> None:
        """Forget all words."""
        for table in (search_words, search_spellings):
            await self._connection.execute(delete(table))
        self._written.clear()

    async def add(self, products: Iterable[Mapping[Word, Field]]) -> None:
        """Add words with their best fields."""
        better: dict[Word, Field] = {}
        for words in products:
            for word, field in words.items():
                if field < better.get(word, self._written.get(word, Field.TEXT + 1)):
                    better[word] = field
        new = [word for word in better if word not in self._written]
        self._written |= better
        await self._add_words(better)
        await self._add_spellings(new)

    async def _add_words(self, words: Mapping[Word, Field]) -> None:
        rows = [
            {
                "language": code,
                "word": word,
                "stem": (stem := analyzer(code).stem(word)),
                "ending": stem[::-1],
                "field": field,
            }
            for (code, word), field in words.items()
        ]
        statement = insert_into(self._connection, search_words)
        better = statement.excluded.field
        statement = statement.on_conflict_do_update(
            index_elements=["language", "word"], set_={"field": better}, where=search_words.c.field > better
        )
        if rows:
            await self._connection.execute(statement, rows)

    async def _add_spellings(self, words: Sequence[Word]) -> None:
        rows = (
            {"language": code, "spelling": spelling, "word": word}
            for code, word in words
            if len(word) <= MAX_TYPO
            for spelling in shortened(word, 1)
        )
        statement = insert_into(self._connection, search_spellings).on_conflict_do_nothing()
        while batch := list(islice(rows, BATCH)):
            await self._connection.execute(statement, batch)

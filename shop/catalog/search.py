"""Full text on each database: SQLite's FTS5 and PostgreSQL's tsvector, given the same folded words.

Words are folded before they are indexed and before they are looked for (see `text`), so accents need no
extension on a server, and a query is built from letters and digits only: no text of a person is ever syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from sqlalchemy import ARRAY, Select, Text, bindparam, cast, column, delete, func, insert, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection


class Indexed(msgspec.Struct, frozen=True):
    """A product's words and tokens (see `text.token`)."""

    id: int
    words: Sequence[str]
    tokens: Sequence[str]


class Search(Protocol):
    """Finds product ids. Each term must begin a word; of each group one token must be there."""

    def matching(self, terms: Sequence[str], groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """A SELECT of `product_id`; at least one term or group."""

    async def index(self, connection: AsyncConnection, products: Sequence[Indexed]) -> None:
        """Add products that are not indexed."""

    async def forget(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Take products out; those that are not indexed are no error."""


class SqliteSearch:
    """An FTS5 table whose rowid is the product's id."""

    fts = table("product_search", column("rowid"), column("words"), column("tokens"))

    def matching(self, terms: Sequence[str], groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """See Search."""
        parts = ["words : (" + " AND ".join(f'"{term}" *' for term in terms) + ")"] if terms else []
        parts += ["tokens : (" + " OR ".join(f'"{token}"' for token in group) + ")" for group in groups]
        match = literal_column("product_search").op("MATCH")(" AND ".join(parts))
        return select(self.fts.c.rowid.label("product_id")).where(match)

    async def index(self, connection: AsyncConnection, products: Sequence[Indexed]) -> None:
        """See Search."""
        rows = [{"rowid": p.id, "words": " ".join(p.words), "tokens": " ".join(p.tokens)} for p in products]
        await connection.execute(insert(self.fts), rows)

    async def forget(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """See Search."""
        await connection.execute(delete(self.fts).where(self.fts.c.rowid.in_(ids)))


class PostgresSearch:
    """A table of tsvectors with a GIN index. A token carries a sign in front that no word has."""

    vectors = table("product_search", column("product_id"), column("words"))

    def matching(self, terms: Sequence[str], groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """See Search."""
        parts = [f"'{term}':*" for term in terms]
        parts += ["(" + " | ".join(f"'={token}'" for token in group) + ")" for group in groups]
        match = self.vectors.c.words.op("@@")(cast(" & ".join(parts), TSQUERY))
        return select(self.vectors.c.product_id).where(match)

    async def index(self, connection: AsyncConnection, products: Sequence[Indexed]) -> None:
        """See Search."""
        vector = func.array_to_tsvector(cast(bindparam("lexemes"), ARRAY(Text)))
        statement = insert(self.vectors).values(product_id=bindparam("id"), words=vector)
        rows = [{"id": p.id, "lexemes": [*p.words, *(f"={token}" for token in p.tokens)]} for p in products]
        await connection.execute(statement, rows)

    async def forget(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """See Search."""
        await connection.execute(delete(self.vectors).where(self.vectors.c.product_id.in_(ids)))


def search_for(dialect: str) -> Search:
    """The search of a database, by the name of its dialect."""
    return SqliteSearch() if dialect == "sqlite" else PostgresSearch()

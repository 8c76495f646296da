"""Full-text search on SQLite (FTS5) and PostgreSQL (tsvector), both fed the same folded words.

Words are folded before indexing and before searching (see `text`). Accents therefore need no database extension, and
a query consists of letters and digits only: user input is never parsed as query syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.schema import product_texts

Spellings = Sequence[Sequence[str]]
"""See `text.spellings`."""


class IndexEntry(msgspec.Struct, frozen=True):
    """The words and tokens (see `text.token`) that the index stores for a product."""

    id: int
    words: Sequence[str]
    tokens: Sequence[str]


class Search(Protocol):
    """Full-text search. One spelling of each term must begin a word; one token of each group must be present."""

    def matching(self, terms: Spellings, groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """Selects `product_id`. Needs at least one term or group."""

    async def index(self, connection: AsyncConnection, products: Sequence[IndexEntry]) -> None:
        """Add products that are not in the index."""

    async def remove(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Remove products; those that are not in the index are ignored."""


class SqliteSearch:
    """Searches an FTS5 table with `product_texts` as its external content."""

    fts = table("product_search", column("rowid"), column("product_search"), column("words"), column("tokens"))

    def matching(self, terms: Spellings, groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """See Search."""
        parts = ["words : (" + " OR ".join(f'"{spelling}" *' for spelling in term) + ")" for term in terms]
        parts += ["tokens : (" + " OR ".join(f'"{token}"' for token in group) + ")" for group in groups]
        match = literal_column("product_search").op("MATCH")(" AND ".join(parts))
        return select(self.fts.c.rowid.label("product_id")).where(match)

    async def index(self, connection: AsyncConnection, products: Sequence[IndexEntry]) -> None:
        """See Search."""
        rows = [_text_row(product) for product in products]
        await connection.execute(insert(product_texts), rows)
        statement = insert(self.fts).values(
            rowid=bindparam("product_id"), words=bindparam("words"), tokens=bindparam("tokens")
        )
        await connection.execute(statement, rows)

    async def remove(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """See Search."""
        text = product_texts.c
        # An external-content index needs the old text to delete its entries.
        old = select(literal("delete"), text.product_id, text.words, text.tokens).where(text.product_id.in_(ids))
        await connection.execute(insert(self.fts).from_select(["product_search", "rowid", "words", "tokens"], old))
        await connection.execute(delete(product_texts).where(text.product_id.in_(ids)))


class PostgresSearch:
    """Searches a tsvector column with a GIN index. Tokens have the prefix '=', which no word has."""

    vector: ColumnElement[Any] = literal_column("product_texts.vector")

    def matching(self, terms: Spellings, groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """See Search."""
        parts = ["(" + " | ".join(f"'{spelling}':*" for spelling in term) + ")" for term in terms]
        parts += ["(" + " | ".join(f"'={token}'" for token in group) + ")" for group in groups]
        match = self.vector.op("@@")(cast(" & ".join(parts), TSQUERY))
        return select(product_texts.c.product_id).where(match)

    async def index(self, connection: AsyncConnection, products: Sequence[IndexEntry]) -> None:
        """See Search."""
        target = table("product_texts", *(column(name) for name in ("product_id", "words", "tokens", "vector")))
        vector = func.array_to_tsvector(cast(bindparam("lexemes"), ARRAY(Text)))
        rows = [_text_row(p) | {"lexemes": [*p.words, *(f"={token}" for token in p.tokens)]} for p in products]
        statement = insert(target).values(
            product_id=bindparam("product_id"), words=bindparam("words"), tokens=bindparam("tokens"), vector=vector
        )
        await connection.execute(statement, rows)

    async def remove(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """See Search."""
        await connection.execute(delete(product_texts).where(product_texts.c.product_id.in_(ids)))


def text_matches(product_id: ColumnElement[int], terms: Spellings) -> ColumnElement[bool]:
    """Whether a product has a word that begins with a spelling of each term, tested without the index.

    For searches that most products match: the index would have to list all of them first.
    """
    texts = product_texts.c
    text = select(texts.words).where(texts.product_id == product_id).correlate_except(product_texts).scalar_subquery()
    return and_(*(or_(*(text.contains(f" {spelling}") for spelling in term)) for term in terms))


def _text_row(product: IndexEntry) -> dict[str, Any]:
    words = "".join(f" {word}" for word in product.words)
    return {"product_id": product.id, "words": words, "tokens": " ".join(product.tokens)}


def search_for(dialect: str) -> Search:
    """The search for a dialect, 'sqlite' or 'postgresql'."""
    return SqliteSearch() if dialect == "sqlite" else PostgresSearch()

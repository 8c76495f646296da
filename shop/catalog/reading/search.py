"""Full text on each database: SQLite's FTS5 and PostgreSQL's tsvector, given the same folded words.

Words are folded before they are indexed and before they are looked for (see `text`), so accents need no
extension on a server, and a query is built from letters and digits only: no text of a person is ever syntax.
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


class Indexed(msgspec.Struct, frozen=True):
    """A product's words and tokens (see `text.token`)."""

    id: int
    words: Sequence[str]
    tokens: Sequence[str]


class Search(Protocol):
    """Finds product ids. Of each term one spelling must begin a word; of each group one token must be there."""

    def matching(self, terms: Spellings, groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """A SELECT of `product_id`; at least one term or group."""

    async def index(self, connection: AsyncConnection, products: Sequence[Indexed]) -> None:
        """Add products that are not indexed."""

    async def forget(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Take products out; those that are not indexed are no error."""


class SqliteSearch:
    """An FTS5 table over `product_texts`, which it reads and does not copy."""

    fts = table("product_search", column("rowid"), column("product_search"), column("words"), column("tokens"))

    def matching(self, terms: Spellings, groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """See Search."""
        parts = ["words : (" + " OR ".join(f'"{spelling}" *' for spelling in term) + ")" for term in terms]
        parts += ["tokens : (" + " OR ".join(f'"{token}"' for token in group) + ")" for group in groups]
        match = literal_column("product_search").op("MATCH")(" AND ".join(parts))
        return select(self.fts.c.rowid.label("product_id")).where(match)

    async def index(self, connection: AsyncConnection, products: Sequence[Indexed]) -> None:
        """See Search."""
        rows = [_text_row(product) for product in products]
        await connection.execute(insert(product_texts), rows)
        named = insert(self.fts).values(
            rowid=bindparam("product_id"), words=bindparam("words"), tokens=bindparam("tokens")
        )
        await connection.execute(named, rows)

    async def forget(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """See Search."""
        text = product_texts.c
        # An index that holds no text of its own must be told what it is to forget.
        old = select(literal("delete"), text.product_id, text.words, text.tokens).where(text.product_id.in_(ids))
        await connection.execute(insert(self.fts).from_select(["product_search", "rowid", "words", "tokens"], old))
        await connection.execute(delete(product_texts).where(text.product_id.in_(ids)))


class PostgresSearch:
    """A column of tsvectors with a GIN index. A token carries a sign in front that no word has."""

    vector: ColumnElement[Any] = literal_column("product_texts.vector")

    def matching(self, terms: Spellings, groups: Sequence[Sequence[str]] = ()) -> Select[int]:
        """See Search."""
        parts = ["(" + " | ".join(f"'{spelling}':*" for spelling in term) + ")" for term in terms]
        parts += ["(" + " | ".join(f"'={token}'" for token in group) + ")" for group in groups]
        match = self.vector.op("@@")(cast(" & ".join(parts), TSQUERY))
        return select(product_texts.c.product_id).where(match)

    async def index(self, connection: AsyncConnection, products: Sequence[Indexed]) -> None:
        """See Search."""
        target = table("product_texts", *(column(name) for name in ("product_id", "words", "tokens", "vector")))
        vector = func.array_to_tsvector(cast(bindparam("lexemes"), ARRAY(Text)))
        rows = [_text_row(p) | {"lexemes": [*p.words, *(f"={token}" for token in p.tokens)]} for p in products]
        named = insert(target).values(
            product_id=bindparam("product_id"), words=bindparam("words"), tokens=bindparam("tokens"), vector=vector
        )
        await connection.execute(named, rows)

    async def forget(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """See Search."""
        await connection.execute(delete(product_texts).where(product_texts.c.product_id.in_(ids)))


def holds(product_id: ColumnElement[int], terms: Spellings) -> ColumnElement[bool]:
    """Whether one product has a word that begins with a spelling of each term, found out without an index.

    For walks in which most products match: an index would first have to list them all.
    """
    texts = product_texts.c
    text = select(texts.words).where(texts.product_id == product_id).correlate_except(product_texts).scalar_subquery()
    return and_(*(or_(*(text.contains(f" {spelling}") for spelling in term)) for term in terms))


def _text_row(product: Indexed) -> dict[str, Any]:
    words = "".join(f" {word}" for word in product.words)
    return {"product_id": product.id, "words": words, "tokens": " ".join(product.tokens)}


def search_for(dialect: str) -> Search:
    """The search of a database, by the name of its dialect."""
    return SqliteSearch() if dialect == "sqlite" else PostgresSearch()

"""Full-text search on SQLite (FTS5) and PostgreSQL (tsvector), both fed the same lexemes, with the same ranking.

A lexeme (see `analysis`) is stored behind a mark of the field that it comes from, so that one index answers 'in the
title' and 'anywhere' alike, and a score is a matter of set operations. Lexemes consist of letters, digits and marks:
user input is never parsed as query syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.reading.text_search import WEIGHTS, Alternative, Field, Group, Term, TextSearch
from shop.catalog.schema import product_texts

INDEX_VERSION = 1
"""Changes with the form of the index: one that was made by another version is made anew."""

_MARKS = {field: chr(0xE000 + field) for field in Field}
"""The mark before a lexeme, by field."""
_ANYWHERE = tuple(Field)


class IndexEntry(msgspec.Struct, frozen=True):
    """The lexemes by field and the tokens (see `text.token`) that the index stores for a product."""

    id: int
    fields: Mapping[Field, Sequence[str]]
    tokens: Sequence[str]

    @property
    def words(self) -> list[str]:
        """The lexemes behind the marks of their fields."""
        return [_MARKS[field] + lexeme for field, lexemes in self.fields.items() for lexeme in lexemes]


class Search(Protocol):
    """Full-text search in one kind of database."""

    def found(self, expression: str) -> tuple[ColumnElement[int], ColumnElement[bool]]:
        """The column of a product's id, and the condition that the index has the expression for it."""

    def quoted(self, lexeme: str) -> str:
        """A lexeme or token in an expression."""

    def joined(self, parts: Iterable[str], *, every: bool) -> str:
        """The expression for every part, or for any."""

    async def index(self, connection: AsyncConnection, products: Sequence[IndexEntry]) -> None:
        """Add products that are not in the index."""

    async def remove(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Remove products; those that are not in the index are ignored."""


class SqliteSearch:
    """Searches an FTS5 table with `product_texts` as its external content."""

    fts = table("search_index", column("rowid"), column("search_index"), column("words"), column("tokens"))

    def found(self, expression: str) -> tuple[ColumnElement[int], ColumnElement[bool]]:
        """See Search."""
        return self.fts.c.rowid, literal_column("search_index").op("MATCH")(expression)

    def quoted(self, lexeme: str) -> str:
        """See Search."""
        return f'"{lexeme}"'

    def joined(self, parts: Iterable[str], *, every: bool) -> str:
        """See Search."""
        return "(" + (" AND " if every else " OR ").join(parts) + ")"

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
        await connection.execute(insert(self.fts).from_select(["search_index", "rowid", "words", "tokens"], old))
        await connection.execute(delete(product_texts).where(text.product_id.in_(ids)))


class PostgresSearch:
    """Searches a tsvector column with a GIN index. Tokens have the prefix '=', which no lexeme has.

    Expressions are part of the statement: a plan that all words share suits neither the rare nor the common ones.
    """

    vector: ColumnElement[Any] = literal_column("product_texts.vector")

    def found(self, expression: str) -> tuple[ColumnElement[int], ColumnElement[bool]]:
        """See Search."""
        query = bindparam(None, expression, Text, literal_execute=True)
        return product_texts.c.product_id, self.vector.op("@@")(cast(query, TSQUERY))

    def quoted(self, lexeme: str) -> str:
        """See Search."""
        return f"'={lexeme}'" if lexeme.isascii() else f"'{lexeme}'"

    def joined(self, parts: Iterable[str], *, every: bool) -> str:
        """See Search."""
        return "(" + (" & " if every else " | ").join(parts) + ")"

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


def search_for(dialect: str) -> Search:
    """The search for a dialect, 'sqlite' or 'postgresql'."""
    return SqliteSearch() if dialect == "sqlite" else PostgresSearch()


def _text_row(product: IndexEntry) -> dict[str, Any]:
    return {"product_id": product.id, "words": " ".join(product.words), "tokens": " ".join(product.tokens)}


def with_tokens(search: Search, groups: Sequence[Sequence[str]]) -> Select[int]:
    """Selects the `product_id` of products with one token of each group, of which there is at least one."""
    parts = (search.joined(map(search.quoted, group), every=False) for group in groups)
    key, condition = search.found(search.joined(parts, every=True))
    return select(key.label("product_id")).where(condition)


def scored(search: Search, text: TextSearch) -> Select[Any]:
    """Selects the `product_id` and the `score` of the products that match a text."""
    found = _hits(search, text).subquery()
    best = select(found.c.product_id, func.max(found.c.weight).label("weight"))
    best_of_terms = best.group_by(found.c.product_id, found.c.term).subquery()
    key, weight = best_of_terms.c.product_id, best_of_terms.c.weight
    summed = select(key, func.sum(weight).label("score")).group_by(key)
    return summed if text.strict else summed.having(func.count() >= text.needed)


def matched_terms(search: Search, text: TextSearch) -> Select[Any]:
    """Selects the largest number of a search's terms that one product has; NULL if no product has any."""
    found = union_all(
        *(_bucket(search, _anywhere(search, term), at, 0) for at, term in enumerate(text.findable))
    ).subquery()
    counts = select(func.count().label("terms")).select_from(found).group_by(found.c.product_id).subquery()
    return select(func.max(counts.c.terms))


def every_term(search: Search, text: TextSearch) -> Select[Any]:
    """Selects the `product_id` of products with all terms of a search."""
    key, condition = search.found(_every(search, text))
    return select(key.label("product_id")).where(condition)


def best_titles(search: Search, text: TextSearch) -> Select[Any]:
    """Selects the `product_id` of products that have every term in their titles in its best kind: the highest score."""
    in_title = (_any(search, _best(term), (Field.TITLE,)) for term in text.findable)
    key, condition = search.found(search.joined(in_title, every=True))
    return select(key.label("product_id")).where(condition)


def _best(term: Term) -> list[Alternative]:
    kind = min(one.kind for one in term.alternatives)
    return [one for one in term.alternatives if one.kind is kind]


def matching_ids(search: Search, text: TextSearch) -> Select[Any]:
    """Selects the `product_id` of the products that match a text."""
    return every_term(search, text) if text.strict else select(scored(search, text).subquery().c.product_id)


def _hits(search: Search, text: TextSearch) -> Any:
    """Selects (product_id, term, weight) for every way in which a product has a term."""
    required = [_every(search, text)] if text.strict and len(text.terms) > 1 else []
    return union_all(
        *(
            _bucket(search, search.joined((expression, *required), every=True), at, weight)
            for at, term in enumerate(text.findable)
            for weight, expression in _weighted(search, term)
        )
    )


def _bucket(search: Search, expression: str, term: int, weight: int) -> Select[Any, Any, Any]:
    key, condition = search.found(expression)
    number, factor = literal_column(str(term), Integer), literal_column(str(weight), Integer)
    return select(key.label("product_id"), number.label("term"), factor.label("weight")).where(condition)


def _weighted(search: Search, term: Term) -> Iterator[tuple[int, str]]:
    """(weight, expression) for each field and kind. What is not in the title or the tags alone counts as text."""
    for field, weights in WEIGHTS.items():
        fields = _ANYWHERE if field is Field.TEXT else (field,)
        for kind, weight in weights.items():
            if alternatives := [one for one in term.alternatives if one.kind is kind]:
                yield weight, _any(search, alternatives, fields)


def _every(search: Search, text: TextSearch) -> str:
    return search.joined((_anywhere(search, term) for term in text.findable), every=True)


def _anywhere(search: Search, term: Term) -> str:
    return _any(search, term.alternatives, _ANYWHERE)


def _any(search: Search, alternatives: Iterable[Alternative], fields: Sequence[Field]) -> str:
    return search.joined(
        (search.joined((_group(search, group, fields) for group in one.groups), every=True) for one in alternatives),
        every=False,
    )


def _group(search: Search, group: Group, fields: Sequence[Field]) -> str:
    return search.joined((search.quoted(_MARKS[field] + lexeme) for lexeme in group for field in fields), every=False)

"""Imports reviews from a file: those that shoppers wrote elsewhere. The shop itself takes and invents none.

A CSV file has a header with the columns product_handle, rating, body, reviewer_name and review_date, and may have
title: the columns that exports of other shops use. JSON is a list of objects with the same names. Other columns are
ignored, e-mail addresses above all. A review is known again by its product, author, day and text, so a file can be
imported twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.catalog.model import Review
from shop.catalog.schema import catalog, products, reviews
from shop.catalog.writing.writer import BATCH, batched
from shop.database import fetch, insert_into, writing
from shop.errors import ImportRefused, NotFound, RowError
from shop.typed import one_line

NEEDED = ("product_handle", "rating", "body", "reviewer_name", "review_date")
MAX_TEXT = 5000
"""Characters of a review."""
MAX_NAME = 120
_ROWS = msgspec.json.Decoder(list[dict[str, Any]])


class ReviewReport(msgspec.Struct, frozen=True):
    """What an import has done."""

    added: int
    known: int


def read_reviews(text: str) -> list[Review]:
    """The reviews of a file. Raises ImportRefused with every row that is invalid."""
    found: list[Review] = []
    wrong: list[RowError] = []
    for place, row in _rows(text):
        try:
            found.append(_review(row))
        except ValueError as error:
            wrong.append(RowError(f"{place}: {error}"))
    if wrong:
        raise ImportRefused(
            "Not all rows can be imported, so nothing was. Correct the file and try again.", tuple(wrong)
        )
    return found


def review_id(review: Review) -> str:
    """What identifies a review: 32 hexadecimal digits."""
    parts = (review.handle, review.author, review.day, review.text)
    return blake2b("\x00".join(parts).encode(), digest_size=16).hexdigest()


class ReviewBook:
    """Changes the reviews of a database. shop.parts makes one. Every method may raise StoreUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, found: Sequence[Review]) -> ReviewReport:
        """Add reviews; those that are known stay. Raises ImportRefused if a product is unknown."""
        by_id = {review_id(review): review for review in found}
        added = 0
        async with writing(self._engine) as connection:
            await _check_handles(connection, sorted({review.handle for review in found}))
            for batch in batched(list(by_id), BATCH):
                rows = [{"id": number, **msgspec.structs.asdict(by_id[number])} for number in batch]
                there = select(reviews.c.id).where(reviews.c.id.in_(batch))
                known = {row.id for row in await connection.execute(there)}
                if new := [row for row in rows if row["id"] not in known]:
                    await connection.execute(insert_into(connection, reviews).on_conflict_do_nothing(), new)
                    added += len(new)
            await _show(connection, added)
        return ReviewReport(added, len(found) - added)

    async def remove(self, number: str) -> None:
        """Remove a review. Raises NotFound."""
        async with writing(self._engine) as connection:
            if not (await connection.execute(delete(reviews).where(reviews.c.id == number))).rowcount:
                raise NotFound(f"There is no review {number}.")
            await _show(connection, 1)

    async def latest(self, limit: int) -> list[tuple[str, Review]]:
        """The latest reviews with their ids."""
        statement = select(reviews).order_by(reviews.c.day.desc(), reviews.c.id).limit(limit)
        rows = await fetch(self._engine, statement)
        return [(row.id, msgspec.convert(row, Review, from_attributes=True)) for row in rows]


async def _show(connection: AsyncConnection, changed: int) -> None:
    """Let pages notice."""
    if changed:
        await connection.execute(update(catalog).values(version=catalog.c.version + 1))


async def _check_handles(connection: AsyncConnection, handles: Sequence[str]) -> None:
    known: set[str] = set()
    for batch in batched(handles, BATCH):
        rows = await connection.execute(select(products.c.handle).where(products.c.handle.in_(batch)))
        known.update(row.handle for row in rows)
    if missing := [handle for handle in handles if handle not in known]:
        wrong = tuple(RowError(f"there is no product {handle}") for handle in missing)
        raise ImportRefused("The file has reviews of products that the shop does not have.", wrong)


def _rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each row with its place in the file."""
    if text.lstrip().startswith("["):
        try:
            objects = _ROWS.decode(text)
        except msgspec.MsgspecError as error:
            raise ImportRefused(f"The file is JSON, but not a list of reviews: {error}.") from error
        yield from ((f"review {number}", row) for number, row in enumerate(objects, 1))
        return
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if missing := [name for name in NEEDED if name not in (reader.fieldnames or ())]:
        raise ImportRefused(f"The file has no column for {' and '.join(missing)}.")
    for row in reader:
        yield f"line {reader.line_num}", row


def _review(row: Mapping[str, Any]) -> Review:
    """The review of a row. Raises ValueError."""
    given = {name: str(row.get(name) or "").strip() for name in (*NEEDED, "title")}
    if not given["product_handle"]:
        raise ValueError("product_handle is missing")
    if given["rating"] not in ("1", "2", "3", "4", "5"):
        raise ValueError(f"rating {given['rating'][:20]!r} is not a whole number from 1 to 5")
    if len(given["body"]) > MAX_TEXT:
        raise ValueError(f"body is longer than {MAX_TEXT} characters")
    return Review(
        handle=given["product_handle"],
        rating=int(given["rating"]),
        author=one_line(given["reviewer_name"])[:MAX_NAME],
        title=one_line(given["title"])[:MAX_NAME],
        text=given["body"],
        day=date.fromisoformat(given["review_date"][:10]).isoformat(),
    )

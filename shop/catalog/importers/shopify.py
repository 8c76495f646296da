"""Reads Shopify's product CSV: several rows per product, the first of which describes it.

A row with an option, a sku or a price is a variant; a row with an image URL adds an image; most do both.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper
from itertools import groupby

from shop.catalog.importers import fields
from shop.catalog.importers.draft import Draft, Problems
from shop.catalog.importers.shopify_columns import REQUIRED, columns_of
from shop.catalog.importers.shopify_product import Row, product
from shop.errors import ImportRefused

MAX_CELL = 1_000_000


def read(source: BufferedReader, currency: str, problems: Problems) -> Iterator[Draft]:
    """See `importers.read`. Keeps one product in memory at a time."""
    csv.field_size_limit(MAX_CELL)
    text = TextIOWrapper(source, encoding="utf-8-sig", newline="")
    try:
        for handle, rows in groupby(_rows(text, source, problems), key=lambda row: row["handle"]):
            if (draft := product(handle, list(rows), currency, problems)) is not None:
                yield draft
    except UnicodeDecodeError as error:
        raise ImportRefused("The file is not text in UTF-8. In Excel, save it as 'CSV UTF-8'.") from error
    finally:
        text.detach()


def _rows(text: TextIOWrapper, source: BufferedReader, problems: Problems) -> Iterator[Row]:
    records = csv.reader(text, delimiter=_delimiter(source), strict=True)
    places = columns_of(next(records, []))
    if missing := [name for name in REQUIRED if name not in places]:
        raise ImportRefused(f"The file is not a Shopify product CSV: it has no column for {' and '.join(missing)}.")
    while True:
        line = records.line_num + 1
        try:
            cells = next(records, None)
        except csv.Error as error:
            # After a broken quote, the start of the next row is unknown.
            problems.error(line, f"the row cannot be read: {error}")
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield from _row(line, cells, places, problems)


def _row(line: int, cells: list[str], places: dict[str, int], problems: Problems) -> Iterator[Row]:
    row = Row(line, {name: cells[place].strip() for name, place in places.items() if place < len(cells)})
    try:
        row.cells["handle"] = fields.handle(row["handle"])
    except ValueError as error:
        problems.error(line, str(error))
    else:
        yield row


def _delimiter(source: BufferedReader) -> str:
    header = source.peek(4096)[:4096].partition(b"\n")[0].decode("utf-8", "replace")
    return max(",;\t", key=header.count)

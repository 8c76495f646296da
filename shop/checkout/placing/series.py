"""Numbers without gaps, for invoices and credit notes.

The row of a series is locked until its number is stored: a transaction that fails takes no number.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.schema import invoice_series
from shop.database import insert_into

DIGITS = 5
"""At least so many digits follow the series."""


def series_at(pattern: str, now: int, zone: tzinfo) -> str:
    """The series at a time (seconds since the epoch): '{year}' is the year in the time zone."""
    return pattern.replace("{year}", str(datetime.fromtimestamp(now, zone).year))


def number_of(series: str, serial: int) -> str:
    """'2026-00042'."""
    return f"{series}{serial:0{DIGITS}}"


async def next_serial(connection: AsyncConnection, series: str) -> int:
    """The next number of a series, whose row is locked until the transaction ends."""
    first = insert_into(connection, invoice_series).values(series=series, last=1)
    statement = first.on_conflict_do_update(index_elements=["series"], set_={"last": invoice_series.c.last + 1})
    return int((await connection.execute(statement.returning(invoice_series.c.last))).scalar_one())


async def give_back(connection: AsyncConnection, series: str, serial: int) -> None:
    """Another process has issued the document meanwhile: take no number."""
    unused = invoice_series.update().where(invoice_series.c.series == series)
    await connection.execute(unused.values(last=serial - 1))

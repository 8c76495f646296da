"""Numbers invoices without gaps.

An invoice is issued when it is first asked for, so that orders do not wait for each other. The row of its series is
locked until its number is stored: a transaction that fails takes no number.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.checkout.model import Order, State
from shop.checkout.pricing.tax_table import Seller
from shop.checkout.schema import invoice_series, invoices
from shop.database import fetch, insert_into, writing
from shop.errors import NotFound

INVOICED: frozenset[State] = frozenset({"paid", "shipped", "refunded"})
"""The states of orders that were paid."""
DIGITS = 5
"""At least so many digits follow the series."""


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice: its number, when it was issued (seconds since the epoch), and who sold then."""

    series: str
    serial: int
    issued_at: int
    seller: Seller

    @property
    def number(self) -> str:
        """'2026-00042'."""
        return f"{self.series}{self.serial:0{DIGITS}}"


class Invoices:
    """Issues and reads invoices. Every method may raise StoreUnavailable.

    `series`: what numbers begin with; '{year}' in it is the year in `zone`. Without the seller's name none is issued.
    """

    def __init__(
        self, engine: AsyncEngine, seller: Seller, series: str, zone: tzinfo, clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._seller = seller
        self._series = series
        self._zone = zone
        self._clock = clock

    def may_have(self, order: Order) -> bool:
        """Whether an order has an invoice, or can get one."""
        return bool(self._seller.name) and order.state in INVOICED

    async def of(self, order: Order) -> Invoice:
        """The invoice of an order, which is issued now if there is none. Raises NotFound for an order without one."""
        if not self.may_have(order):
            raise NotFound("There is no invoice for this order.")
        return await self._find(order.number) or await self._issue(order.number)

    async def _find(self, number: str) -> Invoice | None:
        rows = await fetch(self._engine, select(invoices).where(invoices.c.number == number))
        return _invoice(rows[0]) if rows else None

    async def _issue(self, number: str) -> Invoice:
        now = int(self._clock())
        series = self._series.replace("{year}", str(datetime.fromtimestamp(now, self._zone).year))
        async with writing(self._engine) as connection:
            serial = await _next(connection, series)
            known = (await connection.execute(select(invoices).where(invoices.c.number == number))).first()
            if known is None:
                invoice = Invoice(series=series, serial=serial, issued_at=now, seller=self._seller)
                await connection.execute(insert_into(connection, invoices).values(_columns(invoice, number)))
                return invoice
            await _give_back(connection, series, serial)
        return _invoice(known)


async def _next(connection: AsyncConnection, series: str) -> int:
    """The next number of a series, whose row is locked until the transaction ends."""
    first = insert_into(connection, invoice_series).values(series=series, last=1)
    statement = first.on_conflict_do_update(index_elements=["series"], set_={"last": invoice_series.c.last + 1})
    return int((await connection.execute(statement.returning(invoice_series.c.last))).scalar_one())


async def _give_back(connection: AsyncConnection, series: str, serial: int) -> None:
    """Another process has issued the invoice meanwhile: take no number."""
    unused = invoice_series.update().where(invoice_series.c.series == series)
    await connection.execute(unused.values(last=serial - 1))


def _invoice(row: Row[Any]) -> Invoice:
    seller = msgspec.json.decode(row.seller, type=Seller)
    return Invoice(series=row.series, serial=row.serial, issued_at=row.issued_at, seller=seller)


def _columns(invoice: Invoice, number: str) -> dict[str, Any]:
    return {
        "series": invoice.series,
        "serial": invoice.serial,
        "number": number,
        "issued_at": invoice.issued_at,
        "seller": msgspec.json.encode(invoice.seller).decode(),
    }

"""Numbers invoices without gaps.

An invoice is issued when it is first asked for, so that orders do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.model import Order, State
from shop.checkout.placing.series import give_back, next_serial, number_of, series_at
from shop.checkout.pricing.tax_table import Seller
from shop.checkout.schema import invoices
from shop.database import fetch, insert_into, writing
from shop.errors import NotFound

INVOICED: frozenset[State] = frozenset({"paid", "shipped", "refunded"})
"""The states of orders that were paid."""


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice: its number, when it was issued (seconds since the epoch), and who sold then."""

    series: str
    serial: int
    issued_at: int
    seller: Seller

    @property
    def number(self) -> str:
        """'2026-00042'."""
        return number_of(self.series, self.serial)


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
        known = await self.issued(order.number)
        if known is None and not self.may_have(order):
            raise NotFound("There is no invoice for this order.")
        return known or await self._issue(order.number)

    async def issued(self, number: str) -> Invoice | None:
        """The invoice of the order with this number, if it was issued."""
        rows = await fetch(self._engine, select(invoices).where(invoices.c.number == number))
        return _invoice(rows[0]) if rows else None

    async def _issue(self, number: str) -> Invoice:
        now = int(self._clock())
        series = series_at(self._series, now, self._zone)
        async with writing(self._engine) as connection:
            serial = await next_serial(connection, series)
            known = (await connection.execute(select(invoices).where(invoices.c.number == number))).first()
            if known is None:
                invoice = Invoice(series=series, serial=serial, issued_at=now, seller=self._seller)
                await connection.execute(insert_into(connection, invoices).values(_columns(invoice, number)))
                return invoice
            await give_back(connection, series, serial)
        return _invoice(known)


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

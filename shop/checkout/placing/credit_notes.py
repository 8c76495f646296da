"""Credit notes: what was refunded of an order after its invoice, numbered without gaps in a series of their own.

A credit note is issued when it is first asked for, as an invoice is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.model import Order, TaxAmount
from shop.checkout.placing.invoices import Invoice, Invoices
from shop.checkout.placing.refunds import stored_refund
from shop.checkout.placing.series import give_back, next_serial, number_of, series_at
from shop.checkout.schema import credit_notes, order_refunds
from shop.database import fetch, insert_into, writing
from shop.errors import NotFound
from shop.money import half_up

REST = 0
"""The position of the refund of all that was left when the order ended."""
ENDED = ("refunded", "cancelled")


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """What was refunded at once of an invoiced order."""

    position: int
    """That of the refund of a part, or REST."""
    amount: int
    """Minor units of the order's currency."""
    skus: Mapping[str, int] = {}
    """The items that it is for, if that was said."""

    def taxes(self, order: Order) -> tuple[TaxAmount, ...]:
        """The taxes in it: those of its items if they have one tax, else its share of all taxes of the order."""
        quote, taxes = order.quote, order.quote.totals.all_taxes
        by_line = sum(half_up(line.tax * self.skus.get(line.sku, 0), line.quantity) for line in quote.lines)
        if len(taxes) == 1 and by_line:
            return (msgspec.structs.replace(taxes[0], net=self.amount - by_line, amount=by_line),)
        total = quote.totals.total
        shares = ((half_up(each.net * self.amount, total), half_up(each.amount * self.amount, total)) for each in taxes)
        return tuple(
            msgspec.structs.replace(tax, net=net, amount=amount)
            for tax, (net, amount) in zip(taxes, shares, strict=True)
        )


class CreditNote(msgspec.Struct, frozen=True, kw_only=True):
    """A credit note: its number, when it was issued (seconds since the epoch), and what it credits of which invoice."""

    series: str
    serial: int
    issued_at: int
    invoice: Invoice
    credit: Credit

    @property
    def number(self) -> str:
        """'C2026-00042'."""
        return number_of(self.series, self.serial)


class CreditNotes:
    """Issues and reads credit notes. Every method may raise StoreUnavailable. See Invoices for `series` and `zone`."""

    def __init__(
        self, engine: AsyncEngine, invoices: Invoices, series: str, zone: tzinfo, clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._invoices = invoices
        self._series = series
        self._zone = zone
        self._clock = clock

    async def credits(self, order: Order) -> list[Credit]:
        """What was refunded of an order that has an invoice; each has a credit note."""
        if not order.refunded and order.state not in ENDED:
            return []
        return await self._credits(order) if await self._invoices.issued(order.number) else []

    async def of(self, order: Order, position: int) -> CreditNote:
        """The credit note of a refund, which is issued now if there is none. Raises NotFound."""
        invoice = await self._invoices.issued(order.number)
        credit = next((each for each in await self._credits(order) if each.position == position), None)
        if invoice is None or credit is None:
            raise NotFound("There is no credit note for this order.")
        row = await self._find(order.number, position) or await self._issue(order.number, position)
        return CreditNote(series=row.series, serial=row.serial, issued_at=row.issued_at, invoice=invoice, credit=credit)

    async def _credits(self, order: Order) -> list[Credit]:
        statement = select(order_refunds).where(order_refunds.c.number == order.number)
        parts = map(stored_refund, await fetch(self._engine, statement.order_by(order_refunds.c.position)))
        found = [Credit(position=part.position, amount=part.amount, skus=part.skus) for part in parts]
        if order.state in ENDED and (rest := order.unrefunded.amount):
            found.append(Credit(position=REST, amount=rest))
        return found

    async def _find(self, number: str, position: int) -> Row[Any] | None:
        own = credit_notes.c.number == number, credit_notes.c.refund == position
        rows = await fetch(self._engine, select(credit_notes).where(*own))
        return rows[0] if rows else None

    async def _issue(self, number: str, position: int) -> Row[Any]:
        now = int(self._clock())
        series = series_at(self._series, now, self._zone)
        own = credit_notes.c.number == number, credit_notes.c.refund == position
        async with writing(self._engine) as connection:
            serial = await next_serial(connection, series)
            if (await connection.execute(select(credit_notes.c.serial).where(*own))).first():
                await give_back(connection, series, serial)
            else:
                row = {"series": series, "serial": serial, "number": number, "refund": position, "issued_at": now}
                await connection.execute(insert_into(connection, credit_notes).values(row))
            return (await connection.execute(select(credit_notes).where(*own))).one()

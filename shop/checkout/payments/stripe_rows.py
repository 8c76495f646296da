"""Which Checkout Session belongs to which payment: the table `stripe_payments`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.provider import PaymentRequest
from shop.checkout.payments.stripe_calls import unavailable
from shop.checkout.schema import stripe_payments
from shop.database import fetch, insert_into, writing
from shop.errors import StoreUnavailable


class Row(msgspec.Struct, frozen=True):
    """What is stored of a payment."""

    key: str
    session: str
    """The id of the Checkout Session; '' before it is known."""
    voided: bool
    """Whether no session may be created any more."""
    at: int
    request: str
    """JSON of the PaymentRequest; '' for a payment that was voided before it existed."""


class Rows:
    """Reads and writes the table. Every method may raise PaymentUnavailable. `clock`: seconds since the epoch."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    async def get(self, key: str) -> Row | None:
        """What is stored of a payment, or None."""
        try:
            rows = await fetch(self._engine, select(stripe_payments).where(stripe_payments.c.key == key))
        except StoreUnavailable as error:
            raise unavailable() from error
        return Row(*(getattr(rows[0], name) for name in Row.__struct_fields__)) if rows else None

    async def insert(self, key: str, request: str, *, voided: bool = False) -> Row:
        """Store a payment, unless it is stored already; return what is stored."""
        row = Row(key, "", voided, int(self._clock()), request)
        async with self._writing() as connection:
            values = msgspec.structs.asdict(row)
            await connection.execute(insert_into(connection, stripe_payments).values(values).on_conflict_do_nothing())
        return await self.get(key) or row

    async def keep_session(self, row: Row, session: str, request: PaymentRequest) -> Row:
        """Store the session of a payment that has none and is not voided; return what is stored then."""
        mine = stripe_payments.c.key == row.key, stripe_payments.c.session == "", ~stripe_payments.c.voided
        async with self._writing() as connection:
            known = {"session": session, "request": without_person(request)}
            await connection.execute(update(stripe_payments).where(*mine).values(known))
        return await self.get(row.key) or row

    async def mark_voided(self, row: Row) -> None:
        """Note that no session may be created any more for a payment without one."""
        own = stripe_payments.c.key == row.key, stripe_payments.c.session == ""
        asked = without_person(msgspec.json.decode(row.request, type=PaymentRequest)) if row.request else ""
        async with self._writing() as connection:
            await connection.execute(update(stripe_payments).where(*own).values(voided=True, request=asked))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Any]:
        try:
            async with writing(self._engine) as connection:
                yield connection
        except StoreUnavailable as error:
            raise unavailable() from error


def without_person(request: PaymentRequest) -> str:
    """What is kept of a request once it was made, as JSON: nothing of the shopper, nor the secret of their order."""
    return msgspec.json.encode(PaymentRequest(key=request.key, amount=request.amount)).decode()

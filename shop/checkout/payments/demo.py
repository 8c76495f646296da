"""The demonstration's payment provider: no money moves. It keeps the promises of a real one, in a ledger of its own.

The ledger is append-only: a row says that something was done under a key, and the last thing done is what the payment
is. Calls for one key wait for each other, so that each is decided by all that was done before it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.checkout.payments.demo_cards import Outcome, outcome_of
from shop.checkout.payments.provider import Card, Payment, Status
from shop.checkout.schema import demo_payments
from shop.database import fetch, writing
from shop.errors import PaymentRefused, PaymentUnavailable, StoreUnavailable
from shop.i18n import noted
from shop.money import Money

SLOW_SECONDS = 3.0
SILENT_SECONDS = 60.0
"""How long the bank says nothing where its answer is lost; whoever asks gives up before."""
NOTHING = Money(0, "XXX")
"""The amount of a payment that was voided before it was made; XXX is ISO 4217's code for no currency."""

_ORDER: tuple[Status, ...] = ("challenged", "authorised", "declined", "voided", "captured", "refunded")
"""A payment is the last of these that was done under its key."""
_ANSWERS: dict[Outcome, tuple[Status, str]] = {
    "declined": ("declined", noted("Your bank declined this card. Nothing was charged. Please try another card.")),
    "no-funds": ("declined", noted("There is not enough money for this on your account. Nothing was charged.")),
    "challenged": ("challenged", ""),
}
_UNCONFIRMED = noted("You did not confirm this payment with your bank. Nothing was charged.")
_LEDGER = select(demo_payments).where(demo_payments.c.key == bindparam("key"))
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


class DemoPayments:
    """A PaymentProvider that does with a card what its number says (demo_cards). `sleep` is how it takes its time."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._sleep = sleep

    async def authorise(self, key: str, amount: Money, card: Card) -> Payment:
        """See PaymentProvider."""
        outcome = outcome_of(card.number)
        if outcome == "slow":
            await self._sleep(SLOW_SECONDS)
        if outcome == "lost-call":
            await self._say_nothing()
        status, message = _ANSWERS.get(outcome, ("authorised", ""))
        payment = await self._advance(key, status, when=(None,), stays=_ORDER, amount=amount, message=message)
        if outcome == "lost-answer":
            await self._say_nothing()
        return payment

    async def capture(self, key: str) -> Payment:
        """See PaymentProvider."""
        return await self._advance(key, "captured", when=("authorised",), stays=("captured", "refunded"))

    async def void(self, key: str) -> Payment:
        """See PaymentProvider."""
        return await self._advance(
            key, "voided", when=(None, "challenged", "authorised"), stays=("voided", "declined"), amount=NOTHING
        )

    async def refund(self, key: str) -> Payment:
        """See PaymentProvider."""
        return await self._advance(key, "refunded", when=("captured",), stays=("refunded",))

    async def find(self, key: str) -> Payment | None:
        """See PaymentProvider."""
        try:
            return _payment(key, await fetch(self._engine, _LEDGER, {"key": key}))
        except StoreUnavailable as error:
            raise _unavailable() from error

    async def confirm(self, key: str, *, approved: bool) -> Payment:
        """The shopper's answer to a challenge; one that is answered or void already stays as it is.

        Raises PaymentRefused where there is no such payment.
        """
        status: Status = "authorised" if approved else "declined"
        return await self._advance(
            key, status, when=("challenged",), stays=_ORDER, message="" if approved else _UNCONFIRMED
        )

    async def _advance(
        self,
        key: str,
        to: Status,
        *,
        when: tuple[Status | None, ...],
        stays: tuple[Status, ...],
        amount: Money = NOTHING,
        message: str = "",
    ) -> Payment:
        """Make a payment `to` where it is one of `when` (None: there is none); return it as it is if one of `stays`.

        Raises PaymentRefused where it is neither. `amount` counts for a new payment only.
        """
        async with self._alone(key) as connection:
            payment = _payment(key, (await connection.execute(_LEDGER, {"key": key})).all())
            status = payment.status if payment else None
            if status in when:
                amount = payment.amount if payment else amount
                row = {"key": key, "kind": to, "amount": amount.amount, "currency": amount.currency, "words": message}
                await connection.execute(insert(demo_payments), row | {"at": int(self._clock())})
                return _made(key, to, amount, message)
            if payment is not None and status in stays:
                return payment
        raise PaymentRefused(f"Payment {key} is {status or 'not known'}; it cannot become {to}.")

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[AsyncConnection]:
        """A transaction that no other of the same key runs beside. SQLite writes one at a time of itself."""
        try:
            async with writing(self._engine) as connection:
                if connection.dialect.name == "postgresql":
                    await connection.execute(_LOCK, {"key": key})
                yield connection
        except StoreUnavailable as error:
            raise _unavailable() from error

    async def _say_nothing(self) -> None:
        await self._sleep(SILENT_SECONDS)
        raise _unavailable()


def _unavailable() -> PaymentUnavailable:
    return PaymentUnavailable("The bank does not answer. Whether the payment was made is not known yet.")


def _payment(key: str, ledger: Sequence[Row[Any]]) -> Payment | None:
    if not ledger:
        return None
    last = max(ledger, key=lambda row: _ORDER.index(row.kind))
    return _made(key, last.kind, Money(last.amount, last.currency), last.words)


def _made(key: str, status: Status, amount: Money, message: str) -> Payment:
    return Payment(key, status, amount, message, f"/payment/{key}" if status == "challenged" else "")

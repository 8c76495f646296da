"""The demo payment provider: no money moves. It fulfils the contract of a real one, with a ledger of its own.

The ledger is append-only: each row records a step of a payment, and the last step is the payment's status. Calls for
the same key are serialised.
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
NO_ANSWER_SECONDS = 60.0
"""How long a call hangs if its answer is lost; longer than any caller's timeout."""
NOTHING = Money(0, "XXX")
"""The amount of a payment that was voided before it existed; XXX is ISO 4217's code for no currency."""

_PRECEDENCE: tuple[Status, ...] = ("challenged", "authorised", "declined", "voided", "captured", "refunded")
"""The status of a payment is the last of these in its ledger."""
_OUTCOME_STATUS: dict[Outcome, tuple[Status, str]] = {
    "declined": ("declined", noted("Your bank declined this card. Nothing was charged. Please try another card.")),
    "no-funds": ("declined", noted("Your bank declined this card for lack of funds. Nothing was charged.")),
    "challenged": ("challenged", ""),
}
_UNCONFIRMED = noted("You did not confirm this payment with your bank. Nothing was charged.")
_LEDGER = select(demo_payments).where(demo_payments.c.key == bindparam("key"))
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


class DemoPayments:
    """A PaymentProvider whose outcome depends on the card number (see demo_cards). `sleep` delays its answers."""

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
            await self._never_answer()
        status, message = _OUTCOME_STATUS.get(outcome, ("authorised", ""))
        payment = await self._transition(
            key, status, allowed_from=(None,), unchanged_if=_PRECEDENCE, amount=amount, message=message
        )
        if outcome == "lost-answer":
            await self._never_answer()
        return payment

    async def capture(self, key: str) -> Payment:
        """See PaymentProvider."""
        return await self._transition(
            key, "captured", allowed_from=("authorised",), unchanged_if=("captured", "refunded")
        )

    async def void(self, key: str) -> Payment:
        """See PaymentProvider."""
        return await self._transition(
            key,
            "voided",
            allowed_from=(None, "challenged", "authorised"),
            unchanged_if=("voided", "declined"),
            amount=NOTHING,
        )

    async def refund(self, key: str) -> Payment:
        """See PaymentProvider."""
        return await self._transition(key, "refunded", allowed_from=("captured",), unchanged_if=("refunded",))

    async def find(self, key: str) -> Payment | None:
        """See PaymentProvider."""
        try:
            return _payment(key, await fetch(self._engine, _LEDGER, {"key": key}))
        except StoreUnavailable as error:
            raise _unavailable() from error

    async def confirm(self, key: str, *, approved: bool) -> Payment:
        """Record the shopper's answer to a challenge. A payment that is already answered or voided stays unchanged.

        Raises PaymentRefused if there is no such payment.
        """
        status: Status = "authorised" if approved else "declined"
        return await self._transition(
            key,
            status,
            allowed_from=("challenged",),
            unchanged_if=_PRECEDENCE,
            message="" if approved else _UNCONFIRMED,
        )

    async def _transition(
        self,
        key: str,
        target: Status,
        *,
        allowed_from: tuple[Status | None, ...],
        unchanged_if: tuple[Status, ...],
        amount: Money = NOTHING,
        message: str = "",
    ) -> Payment:
        """Move a payment to `target` from one of `allowed_from` (None: no payment); return it if in `unchanged_if`.

        Raises PaymentRefused for any other status. `amount` is that of a new payment.
        """
        async with self._locked(key) as connection:
            payment = _payment(key, (await connection.execute(_LEDGER, {"key": key})).all())
            status = payment.status if payment else None
            if status in allowed_from:
                amount = payment.amount if payment else amount
                row = {
                    "key": key,
                    "kind": target,
                    "amount": amount.amount,
                    "currency": amount.currency,
                    "words": message,
                }
                await connection.execute(insert(demo_payments), row | {"at": int(self._clock())})
                return _payment_with(key, target, amount, message)
            if payment is not None and status in unchanged_if:
                return payment
        raise PaymentRefused(f"Payment {key} is {status or 'not known'}; it cannot become {target}.")

    @asynccontextmanager
    async def _locked(self, key: str) -> AsyncIterator[AsyncConnection]:
        """A transaction that excludes others of the same key. SQLite has one writer at a time anyway."""
        try:
            async with writing(self._engine) as connection:
                if connection.dialect.name == "postgresql":
                    await connection.execute(_LOCK, {"key": key})
                yield connection
        except StoreUnavailable as error:
            raise _unavailable() from error

    async def _never_answer(self) -> None:
        await self._sleep(NO_ANSWER_SECONDS)
        raise _unavailable()


def _unavailable() -> PaymentUnavailable:
    return PaymentUnavailable("The bank does not answer. Whether the payment was made is not known yet.")


def _payment(key: str, ledger: Sequence[Row[Any]]) -> Payment | None:
    if not ledger:
        return None
    last = max(ledger, key=lambda row: _PRECEDENCE.index(row.kind))
    return _payment_with(key, last.kind, Money(last.amount, last.currency), last.words)


def _payment_with(key: str, status: Status, amount: Money, message: str) -> Payment:
    return Payment(key, status, amount, message, f"/payment/{key}" if status == "challenged" else "")

"""The demo payment provider: no money moves. It fulfils the contract of a real one, with a ledger of its own.

The ledger is append-only: each row records a step of a payment, and the last step is the payment's status. Calls for
the same key are serialised.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.checkout.payments.demo_cards import Outcome
from shop.checkout.payments.provider import REST, Payment, PaymentEvent, PaymentRequest, Status
from shop.checkout.schema import demo_payments, demo_refunds
from shop.database import fetch, writing
from shop.errors import NotFound, PaymentRefused, PaymentUnavailable, StoreUnavailable
from shop.i18n import noted
from shop.money import Money

SLOW_SECONDS = 3.0
NO_ANSWER_SECONDS = 60.0
"""How long a call hangs if its answer is lost; longer than any caller's timeout."""
NOTHING = Money(0, "XXX")
"""The amount of a payment that was voided before it existed; XXX is ISO 4217's code for no currency."""

_PRECEDENCE: tuple[Status, ...] = (
    "challenged",
    "processing",
    "authorised",
    "declined",
    "voided",
    "captured",
    "refunded",
)
"""The status of a payment is the last of these in its ledger."""
_DECLINED = noted("Your bank declined this card. Nothing was charged. Please try another card.")
_OUTCOMES: Mapping[str, tuple[Status, str]] = {
    "declined": ("declined", _DECLINED),
    "no-funds": ("declined", noted("Your bank declined this card for lack of funds. Nothing was charged.")),
    "challenged": ("challenged", ""),
    "processing": ("processing", ""),
    **dict.fromkeys(("approved", "slow", "lost-answer"), ("authorised", "")),
}
"""Status and message by token: an Outcome."""
UNCONFIRMED = noted("You did not confirm this payment with your bank. Nothing was charged.")
NOT_ARRIVED = noted("The payment did not arrive. Nothing was charged.")
_LEDGER = select(demo_payments).where(demo_payments.c.key == bindparam("key"))
_REFUNDS = select(demo_refunds).where(demo_refunds.c.key == bindparam("key"))
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


class _Step(msgspec.Struct, frozen=True):
    """A row of the ledger."""

    amount: int
    currency: str
    message: str = ""


class DemoPayments:
    """A PaymentProvider whose tokens are outcomes (see Card.token). `sleep` delays its answers."""

    name = "demo"
    pages: tuple[str, ...] = ()
    seconds = 900

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._sleep = sleep

    async def authorise(self, request: PaymentRequest) -> Payment:
        """See PaymentProvider."""
        outcome: Outcome | str = request.token
        if outcome == "slow":
            await self._sleep(SLOW_SECONDS)
        if outcome == "lost-call":
            await self._never_answer()
        status, message = _OUTCOMES.get(outcome, ("declined", _DECLINED))
        payment = await self._transition(
            request.key, status, allowed_from=(None,), unchanged_if=_PRECEDENCE, amount=request.amount, message=message
        )
        if outcome == "lost-answer":
            await self._never_answer()
        return payment

    async def capture(self, key: str, amount: int | None = None) -> Payment:
        """See PaymentProvider."""
        return await self._transition(
            key, "captured", allowed_from=("authorised",), unchanged_if=("captured", "refunded"), part=amount
        )

    async def void(self, key: str) -> Payment:
        """See PaymentProvider."""
        return await self._transition(
            key,
            "voided",
            allowed_from=(None, "challenged", "processing", "authorised"),
            unchanged_if=("voided", "declined"),
            amount=NOTHING,
        )

    async def refund(self, key: str, refund: str, amount: int | None = None) -> Payment:
        """See PaymentProvider."""
        async with self._locked(key) as connection:
            steps = _steps((await connection.execute(_LEDGER, {"key": key})).all())
            refunds = {row.id: row.amount for row in await connection.execute(_REFUNDS, {"key": key})}
            payment = _payment(key, steps, refunds)
            if payment and (refund in refunds or (payment.status == "refunded" and refund == REST)):
                return payment
            if payment is None or payment.status != "captured":
                raise _refused(key, payment, "refunded")
            left = payment.captured - payment.refunded
            given = left if amount is None else amount
            if not 0 < given <= left:
                raise PaymentRefused(f"Of payment {key}, {left} is left; {given} cannot be refunded.")
            row = {"key": key, "id": refund, "amount": given, "at": int(self._clock())}
            await connection.execute(insert(demo_refunds), row)
            if given == left:
                steps["refunded"] = _Step(payment.captured, payment.amount.currency)
                await self._record(connection, key, "refunded", steps["refunded"])
        return _known(key, steps, refunds | {refund: given})

    async def find(self, key: str) -> Payment | None:
        """See PaymentProvider."""
        try:
            steps = _steps(await fetch(self._engine, _LEDGER, {"key": key}))
            refunds = await fetch(self._engine, _REFUNDS, {"key": key}) if "captured" in steps else ()
            return _payment(key, steps, {row.id: row.amount for row in refunds})
        except StoreUnavailable as error:
            raise _unavailable() from error

    def event(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:  # noqa: ARG002 - it sends no messages
        """See PaymentProvider."""
        raise NotFound("There is no such payment provider.")

    async def close(self) -> None:
        """See PaymentProvider."""

    async def confirm(self, key: str, *, approved: bool, message: str = UNCONFIRMED) -> Payment:
        """Record the shopper's answer to a challenge, or that of a bank that took its time.

        A payment that is already answered or voided stays unchanged. `message`: why it was not approved.

        Raises PaymentRefused if there is no such payment.
        """
        status: Status = "authorised" if approved else "declined"
        return await self._transition(
            key,
            status,
            allowed_from=("challenged", "processing"),
            unchanged_if=_PRECEDENCE,
            message="" if approved else message,
        )

    async def _transition(
        self,
        key: str,
        target: Status,
        *,
        allowed_from: tuple[Status | None, ...],
        unchanged_if: tuple[Status, ...],
        amount: Money = NOTHING,
        part: int | None = None,
        message: str = "",
    ) -> Payment:
        """Move a payment to `target` from one of `allowed_from` (None: no payment); return it if in `unchanged_if`.

        Raises PaymentRefused for any other status. `amount` is that of a new payment, `part` of a capture.
        """
        async with self._locked(key) as connection:
            steps = _steps((await connection.execute(_LEDGER, {"key": key})).all())
            payment = _payment(key, steps, {})
            status = payment.status if payment else None
            if status in allowed_from:
                whole = payment.amount if payment else amount
                if part is not None and not 0 < part <= whole.amount:
                    raise PaymentRefused(f"Of payment {key}, {whole.amount} is authorised; {part} cannot be captured.")
                steps[target] = _Step(whole.amount if part is None else part, whole.currency, message)
                await self._record(connection, key, target, steps[target])
                return _known(key, steps, {})
            if payment is not None and status in unchanged_if:
                refunds = (await connection.execute(_REFUNDS, {"key": key})).all() if payment.captured else ()
                return _known(key, steps, {row.id: row.amount for row in refunds})
        raise _refused(key, payment, target)

    async def _record(self, connection: AsyncConnection, key: str, kind: Status, step: _Step) -> None:
        row = {"key": key, "kind": kind, "amount": step.amount, "currency": step.currency, "words": step.message}
        await connection.execute(insert(demo_payments), row | {"at": int(self._clock())})

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


def _refused(key: str, payment: Payment | None, target: Status) -> PaymentRefused:
    status = payment.status if payment else "not known"
    return PaymentRefused(f"Payment {key} is {status}; it cannot become {target}.")


def _steps(ledger: Sequence[Row[Any]]) -> dict[Status, _Step]:
    return {row.kind: _Step(row.amount, row.currency, row.words) for row in ledger}


def _payment(key: str, steps: Mapping[Status, _Step], refunds: Mapping[str, int]) -> Payment | None:
    return _known(key, steps, refunds) if steps else None


def _known(key: str, steps: Mapping[Status, _Step], refunds: Mapping[str, int]) -> Payment:
    """The payment that these steps and refunds have led to."""
    made = [kind for kind in _PRECEDENCE if kind in steps]
    status, first = made[-1], steps[made[0]]
    captured = steps["captured"].amount if "captured" in steps else 0
    return Payment(
        key,
        status,
        Money(first.amount, first.currency),
        steps[status].message,
        f"/payment/{key}" if status == "challenged" else "",
        captured,
        # Earlier releases kept no single refunds.
        captured if status == "refunded" else sum(refunds.values()),
        reference=f"demo-{key}",
    )

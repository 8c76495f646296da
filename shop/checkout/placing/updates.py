"""The conditional UPDATEs that change orders, one per change, inside the caller's transaction.

A process claims an order under a name of its own (`claimant`) until a time, so that others do not repeat its work.
Correctness does not depend on claims: of two processes that advance an order from one state only the first succeeds,
and the UPDATE of a process that was paused beyond its claim changes no row.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Update, and_, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.model import Dispute, Order, State, check_step
from shop.checkout.payments.provider import Payment, PaymentEvent
from shop.checkout.placing.orders import READ, details_of, folded, order_of, words_of
from shop.checkout.schema import LIVE, OPEN, order_events, order_lines, order_refunds, orders, payment_events
from shop.database import insert_into

NOBODY = ""
"""A claim of no process: the order waits until the claim expires, or until it is resumed."""
LATELY = 3600
"""Seconds after an order during which a request may still carry the cart from before it."""

_others = orders.alias("others")


async def insert(connection: AsyncConnection, order: Order, *, key: str | None, claimant: str, until: int) -> bool:
    """Insert an order, claimed by `claimant` until `until` (milliseconds since the epoch).

    Returns False and inserts nothing if this state of the cart has an order that did not fail, the cart has a pending
    order, or the key has an order.
    """
    values = {
        "number": order.number,
        "secret": order.secret,
        "state": order.state,
        "settled": order.settled,
        "claim": claimant,
        "claimed_until": until,
        "cart_id": order.quote.cart_id,
        "cart_revision": order.quote.revision,
        "cart_change": order.quote.change,
        "idempotency_key": key,
        "email": order.buyer.email,
        "name": folded(order.buyer.address.name),
        "words": words_of(order),
        "currency": order.quote.currency,
        "total": order.quote.total.amount,
        "coupon": order.quote.coupon,
        "created_at": order.created_at,
        "changed_at": order.changed_at,
        "details": details_of(order),
    }
    inserting = insert_into(connection, orders).values(values).on_conflict_do_nothing()
    return (await connection.execute(inserting.returning(orders.c.number))).first() is not None


async def insert_lines(connection: AsyncConnection, order: Order) -> None:
    """Store the lines of a new order."""
    rows = [
        {
            "number": order.number,
            "position": position,
            "sku": line.sku,
            "title": f"{line.title}, {line.variant}" if line.variant else line.title,
            "quantity": line.quantity,
            "unit": line.unit.amount,
            "discount": line.discount,
            "tax_class": line.tax_class,
            "tax": line.tax,
        }
        for position, line in enumerate(order.quote.lines)
    ]
    await connection.execute(insert_into(connection, order_lines), rows)


async def note(connection: AsyncConnection, number: str, what: str, *, at: int, who: str, why: str) -> None:
    """Add to the history of an order: see OrderEvent."""
    row = {"number": number, "what": what, "at": at, "who": who, "why": why}
    await connection.execute(insert_into(connection, order_events), row)


async def insert_event(
    connection: AsyncConnection, number: str, provider: str, event: PaymentEvent, *, at: int
) -> bool:
    """Store a message of the payment provider about an order; False if it is stored already."""
    row = {"provider": provider, "id": event.id, "number": number, "kind": event.kind, "at": at}
    inserting = insert_into(connection, payment_events).values(row).on_conflict_do_nothing()
    return (await connection.execute(inserting.returning(payment_events.c.id))).first() is not None


async def set_dispute(connection: AsyncConnection, number: str, dispute: Dispute) -> bool:
    """Note what became of a dispute; False if it is known. A message that was late opens none that is closed."""
    before = ("",) if dispute == "open" else ("", "open")
    own = and_(orders.c.number == number, orders.c.dispute.in_(before))
    return await _changes(connection, update(orders).where(own).values(dispute=dispute))


async def was_paid(connection: AsyncConnection, number: str) -> bool:
    """Whether the payment of an order was captured."""
    paid = select(order_events.c.id).where(order_events.c.number == number, order_events.c.what == "paid").limit(1)
    return (await connection.execute(paid)).first() is not None


def ordered_lately(order: Order) -> ScalarSelect[str]:
    """The other recent orders of an order's cart: what `changes_by_number` reads.

    It is asked in a statement after the order's own INSERT: on PostgreSQL, an INSERT that waited for another order
    still sees the snapshot from before that order.
    """
    found = select(func.aggregate_strings(_others.c.number + ":" + _others.c.cart_change, " ")).where(
        _others.c.cart_id == order.quote.cart_id,
        _others.c.number != order.number,
        _others.c.created_at > order.created_at - LATELY,
        LIVE,
        _others.c.state != "cancelled",
    )
    return found.scalar_subquery()


def changes_by_number(found: str | None) -> dict[str, str]:
    """Orders' numbers, each with Quote.change, in the answer of `ordered_lately`."""
    return dict(other.split(":") for other in (found or "").split())


async def step(
    connection: AsyncConnection,
    order: Order,
    to: State,
    *,
    claimant: str,
    until: int,
    now: int,
    settled: bool | None = False,
    failure: str = "",
    who: str = "",
    why: str = "",
    payment: Payment | None = None,
) -> Order | None:
    """Move an order to another state, claimed by `claimant` until `until`; None if another process has changed it.

    `settled` None: what it still needs from the provider stays open, and so does its claim. `payment`: what is to be
    kept of it.

    The history says so, of every state but 'placed', the first. Raises OrderStateRefused for a transition that does not
    exist.
    """
    check_step(order.number, order.state, to)
    paid = with_payment(order, payment)
    after = msgspec.structs.replace(paid, state=to, changed_at=now, challenge_path="", failure=failure or order.failure)
    values: dict[str, Any] = {"state": to, "changed_at": now, "payment_reference": after.payment_reference}
    if settled is not None:
        after = msgspec.structs.replace(after, settled=settled)
        values |= {"settled": settled, "claim": claimant, "claimed_until": until}
    if (details := details_of(after)) != details_of(order):
        values["details"] = details
    if not await _changes(connection, update(orders).where(_as_it_was(order)).values(values)):
        return None
    if to != "placed":
        await note(connection, order.number, to, at=now, who=who, why=why or failure)
    return after


def with_payment(order: Order, payment: Payment | None) -> Order:
    """The order with what it keeps of its payment: the provider's reference, and which card it was."""
    if payment is None:
        return order
    buyer = order.buyer
    if payment.card_last4:
        buyer = msgspec.structs.replace(buyer, card_brand=payment.card_brand, card_last4=payment.card_last4)
    reference = payment.reference or order.payment_reference
    return msgspec.structs.replace(order, buyer=buyer, payment_reference=reference)


async def defer(connection: AsyncConnection, order: Order, claimant: str, *, until: int) -> None:
    """Give up the claim of an order that cannot be advanced now; recovery tries again at `until`."""
    own = and_(orders.c.number == order.number, orders.c.claim == claimant, OPEN)
    await connection.execute(update(orders).where(own).values(claim=NOBODY, claimed_until=until))


async def wait_for_shopper(connection: AsyncConnection, order: Order, payment: Payment, *, until: int) -> Order | None:
    """Let a pending order wait until `until` for its shopper, who is to do something for the payment."""
    after = msgspec.structs.replace(with_payment(order, payment), challenge_path=payment.challenge_path)
    values = {
        "claim": NOBODY,
        "claimed_until": until,
        "payment_reference": after.payment_reference,
        "details": details_of(after),
    }
    return after if await _changes(connection, update(orders).where(_as_it_was(order)).values(values)) else None


async def wait_for_bank(connection: AsyncConnection, order: Order, payment: Payment, *, until: int) -> Order | None:
    """Let a pending order wait until `until` for its bank, which takes days."""
    after = msgspec.structs.replace(with_payment(order, payment), challenge_path="", processing=True)
    values = {
        "claim": NOBODY,
        "claimed_until": until,
        "processing": True,
        "payment_reference": after.payment_reference,
        "details": details_of(after),
    }
    return after if await _changes(connection, update(orders).where(_as_it_was(order)).values(values)) else None


async def settle(connection: AsyncConnection, order: Order) -> Order | None:
    """Mark an order as settled, unless it has a refund that the provider has not taken yet."""
    values = {"settled": True, "claim": NOBODY}
    owed = select(order_refunds.c.number).where(order_refunds.c.number == orders.c.number, ~order_refunds.c.done)
    is_same = await _changes(connection, update(orders).where(_as_it_was(order), ~owed.exists()).values(values))
    return msgspec.structs.replace(order, settled=True) if is_same else None


async def claim_one(connection: AsyncConnection, number: str, *, claimant: str, until: int, now: int) -> Order | None:
    """Claim an unsettled order whose claim has expired; None if there is none with this number."""
    free = and_(OPEN, or_(orders.c.claim == NOBODY, orders.c.claimed_until < now))
    claiming = update(orders).where(orders.c.number == number, free).values(claim=claimant, claimed_until=until)
    row = (await connection.execute(claiming.returning(*READ))).first()
    return order_of(row) if row else None


async def claim_due(connection: AsyncConnection, limit: int, *, claimant: str, until: int, now: int) -> list[Order]:
    """Claim unsettled orders whose claim has expired, the earliest first."""
    due = and_(OPEN, orders.c.claimed_until < now)
    some = select(orders.c.number).where(due).order_by(orders.c.claimed_until).limit(limit)
    if connection.dialect.name == "postgresql":
        some = some.with_for_update(skip_locked=True)
    claiming = update(orders).where(orders.c.number.in_(some), due).values(claim=claimant, claimed_until=until)
    return [order_of(row) for row in await connection.execute(claiming.returning(*READ))]


def _as_it_was(order: Order) -> ColumnElement[bool]:
    return and_(orders.c.number == order.number, orders.c.state == order.state)


async def _changes(connection: AsyncConnection, statement: Update) -> bool:
    """Execute a statement; return whether it changed a row."""
    result: CursorResult[Any] = await connection.execute(statement)
    return result.rowcount == 1

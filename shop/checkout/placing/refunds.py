"""Refunds of parts of an order: an amount, or some of its items. Never more than was paid, however often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.mail.order_emails import MOST_REFUNDS
from shop.checkout.model import Order, Quote
from shop.checkout.placing.orders import READ, first
from shop.checkout.schema import order_refunds, orders
from shop.errors import InvalidInput, NotFound, OrderStateRefused
from shop.money import allocate

REFUNDABLE = ("paid", "shipped")
REFUNDED_MEANWHILE = "Something else of this order has been refunded meanwhile. Nothing was done."


class PartRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an order to refund: an amount, or quantities of its items at what was paid for them."""

    amount: int | None = None
    """Minor units of the order's currency; None: what `skus` cost."""
    skus: Mapping[str, int] = {}
    restock: bool = False
    """Whether the items go on sale again."""
    refunded_before: int | None = None
    """What had been refunded when this was decided, minor units: a form that is sent twice has no effect the second
    time. None: not checked."""


class StoredRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of a part of an order, as it is stored."""

    position: int
    """1 for the first of its order."""
    amount: int
    skus: Mapping[str, int]
    restocked: bool
    done: bool
    """Whether the payment provider has taken it."""
    at: int


async def locked_order(connection: AsyncConnection, number: str) -> Order:
    """The order as it is until the transaction ends. Raises NotFound."""
    found = first((await connection.execute(select(*READ).where(orders.c.number == number).with_for_update())).all())
    if found is None:
        raise NotFound("There is no such order.")
    return found


async def refunds_of(connection: AsyncConnection, number: str) -> list[StoredRefund]:
    """The refunds of parts of an order, in order."""
    statement = select(order_refunds).where(order_refunds.c.number == number).order_by(order_refunds.c.position)
    return [stored_refund(row) for row in await connection.execute(statement)]


def stored_refund(row: Row[Any]) -> StoredRefund:
    """The refund in a row."""
    skus = msgspec.json.decode(row.skus, type=dict[str, int])
    return StoredRefund(
        position=row.position, amount=row.amount, skus=skus, restocked=row.restocked, done=row.done, at=row.at
    )


async def add(connection: AsyncConnection, order: Order, refund: StoredRefund, **values: Any) -> Order:
    """Store a refund of a locked order; `values` are those of the order's row that change too."""
    row = msgspec.structs.asdict(refund) | {"skus": msgspec.json.encode(refund.skus).decode()}
    await connection.execute(insert(order_refunds).values(number=order.number, **row))
    refunded = order.refunded + refund.amount
    changed = {"refunded": refunded, "changed_at": refund.at, **values}
    await connection.execute(update(orders).where(orders.c.number == order.number).values(changed))
    settled = values.get("settled", order.settled)
    return msgspec.structs.replace(order, refunded=refunded, changed_at=refund.at, settled=settled)


async def mark_done(connection: AsyncConnection, number: str, position: int | None = None) -> None:
    """Note that the provider has taken a refund, or every one."""
    done = update(order_refunds).where(order_refunds.c.number == number)
    if position is not None:
        done = done.where(order_refunds.c.position == position)
    await connection.execute(done.values(done=True))


def next_refund(order: Order, part: PartRefund, earlier: Sequence[StoredRefund], at: int) -> StoredRefund:
    """The refund of a part of an order. Raises OrderStateRefused, and InvalidInput for more than there is."""
    if order.state not in REFUNDABLE and not order.waits_for_capture:
        raise OrderStateRefused(order.number, order.state, "refunded")
    if part.refunded_before not in (None, order.refunded):
        raise InvalidInput(REFUNDED_MEANWHILE)
    if len(earlier) >= MOST_REFUNDS:
        raise InvalidInput(f"This order has had {MOST_REFUNDS} refunds. Refund the rest of it at once.")
    amount = cost_of(order, part.skus, earlier) if part.amount is None else part.amount
    left = order.unrefunded
    if not 0 < amount <= left.amount:
        raise InvalidInput(f"{order.quote.money(amount).format()} cannot be refunded: {left.format()} is left.")
    if order.waits_for_capture and amount == left.amount:
        raise InvalidInput(f"That is all of order {order.number}, and nothing was captured: cancel it instead.")
    position = max((refund.position for refund in earlier), default=0) + 1
    return StoredRefund(position=position, amount=amount, skus=part.skus, restocked=part.restock, done=False, at=at)


def cost_of(order: Order, skus: Mapping[str, int], earlier: Sequence[StoredRefund]) -> int:
    """What was paid for items of an order that were not refunded before: all parts of a line add up to the line.

    Less their share of the discount; with their share of a tax that came on top. Raises InvalidInput.
    """
    before, lines = refunded_items(earlier), order.quote.lines
    if unknown := set(skus) - {line.sku for line in lines}:
        raise InvalidInput(f"The order has no {', '.join(sorted(unknown))}.")
    amount = 0
    for line, tax in zip(lines, taxes_on_top(order.quote), strict=True):
        quantity, first = skus.get(line.sku, 0), before[line.sku]
        if quantity < 0 or first + quantity > line.quantity:
            raise InvalidInput(f"Of {line.sku}, {line.quantity - first} can be refunded, not {quantity}.")
        paid = line.total.amount + tax
        amount += paid * (first + quantity) // line.quantity - paid * first // line.quantity
    return amount


def taxes_on_top(quote: Quote) -> Sequence[int]:
    """What each line's taxes add to its total; orders of earlier releases have only the sum of all."""
    lines, totals = quote.lines, quote.totals
    if totals.tax_included or any(line.tax for line in lines):
        return [0 if totals.tax_included else line.tax for line in lines]
    return allocate(totals.tax, [*(line.total.amount for line in lines), totals.shipping])[:-1]


def refunded_items(refunds: Sequence[StoredRefund]) -> Counter[str]:
    """How many of each item were refunded."""
    return sum((Counter(refund.skus) for refund in refunds), Counter[str]())


def restocked_items(refunds: Sequence[StoredRefund]) -> Counter[str]:
    """How many of each item went on sale again without having left the shop."""
    return refunded_items([refund for refund in refunds if refund.restocked])

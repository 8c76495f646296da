"""Moves the units of an order when they are sold, sent, or come back: every function runs in its caller's transaction.

A unit of an order waits in the shop, is with the shopper, or has come back. What was refunded and put on sale again
without having left the shop is no longer a part of the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.stock import stock
from shop.catalog.writing.levels import Kind, StockChange, locked_levels, record
from shop.checkout.model import Order, OrderEvent, Parcel, State
from shop.checkout.placing import parcels, refunds
from shop.checkout.placing.refunds import StoredRefund
from shop.errors import InvalidInput


class Goods(msgspec.Struct, frozen=True):
    """Where the units of an order are: quantities by sku, without zeros."""

    waiting: Mapping[str, int]
    """In the shop, to be sent."""
    out: Mapping[str, int]
    """With the shopper."""


async def goods_of(connection: AsyncConnection, order: Order) -> Goods:
    """Where the units of an order are."""
    made = await refunds.refunds_of(connection, order.number)
    return located(order, made, await parcels.parcels_of(connection, order.number))


def located(order: Order, made: Sequence[StoredRefund], moved: Sequence[Parcel]) -> Goods:
    """Where the units of an order are, after its refunds and parcels."""
    left = Counter(order.quote.wanted) - refunds.restocked_items(made)
    sent = parcels.units([parcel for parcel in moved if not parcel.returned])
    returned = parcels.units([parcel for parcel in moved if parcel.returned])
    if order.state == "shipped":
        sent = left  # orders of earlier releases have no parcels
    return Goods(left - sent if order.state in ("placed", "paid") else {}, sent - returned)


async def move(connection: AsyncConnection, order: Order, to: State, *, restock: bool, event: OrderEvent) -> None:
    """Move the units of an order that has left its state for another.

    `restock`: what has not left the shop goes on sale again; of a refunded order also what has.
    """
    if to == "placed":
        await stock.commit(connection, order.number, order.quote.wanted)
    elif to != "paid":
        if to == "cancelled" and (await goods_of(connection, order)).out:
            raise InvalidInput(f"A part of order {order.number} has left the shop: refund it instead.")
        units = await stock.hand_over(connection, order.number)
        if to == "shipped":
            return
        if restock:
            await stock.restore(connection, units)
        else:
            await _record(connection, order, units, "written off", event)
        if restock and to == "refunded" and (out := (await goods_of(connection, order)).out):
            await take_back(connection, order, out, restock=True, event=event)


async def send(connection: AsyncConnection, number: str, skus: Mapping[str, int]) -> None:
    """Units that are committed to an order leave the shop."""
    await stock.leave(connection, number, skus)


async def restock(connection: AsyncConnection, order: Order, skus: Mapping[str, int], event: OrderEvent) -> bool:
    """Put units of an order on sale again; return whether they had not left the shop. Raises InvalidInput."""
    there = await goods_of(connection, order)
    if order.state == "shipped":
        check_units(skus, there.out, "with the shopper")
        await take_back(connection, order, skus, restock=True, event=event)
        return False
    check_units(skus, there.waiting, "still in the shop")
    await stock.uncommit(connection, order.number, skus)
    return True


async def take_back(
    connection: AsyncConnection, order: Order, skus: Mapping[str, int], *, restock: bool, event: OrderEvent
) -> None:
    """Units that had left the shop have come back; `restock`: they go on sale again."""
    await parcels.add(connection, order.number, Parcel(skus=skus, returned=True, restocked=restock, at=event.at))
    if restock:
        await _record(connection, order, skus, "returned", event)
        await stock.restore(connection, skus)


def check_units(wanted: Mapping[str, int], there: Mapping[str, int], where: str) -> None:
    """Raise InvalidInput unless these units are there."""
    for sku, quantity in wanted.items():
        if not 0 < quantity <= there.get(sku, 0):
            raise InvalidInput(f"Of {sku}, {there.get(sku, 0)} are {where}, not {quantity}.")


async def _record(
    connection: AsyncConnection, order: Order, units: Mapping[str, int], kind: Kind, event: OrderEvent
) -> None:
    """Write into the history of the stock that units of an order have come back, or will not."""
    changes = []
    for sku, level in (await locked_levels(connection, list(units))).items():
        present = level.on_hand
        other = None if present is None else present + units[sku]
        # Units that are written off were on hand until now; those that are returned will be in a moment.
        before, after = (present, other) if kind == "returned" else (other, present)
        reason = f"order {order.number}" + (f": {event.why}" if event.why else "")
        changes.append(
            StockChange(sku=sku, kind=kind, before=before, after=after, reason=reason, who=event.who, at=event.at)
        )
    await record(connection, changes)

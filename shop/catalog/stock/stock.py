"""Reserves, deducts and restores stock. Every function runs inside the transaction of its connection.

A unit is in exactly one place: on sale (`variants.stock`), reserved for a holder (`reservations`), or sold. Every
statement moves units between two of these places by a difference, so concurrent transactions neither lose nor create
units.

Deadlocks cannot occur: each function locks reservations before variants, both in the order of their skus (see
docs/decisions/stock-is-set-aside.md). SQLite has one writer at a time and needs no such order.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.schema import products, reservations, variants
from shop.database import insert_into
from shop.errors import OutOfStock
from shop.money import Money

_RESERVATION_LOCK = 0x686F6C64
"""First key of PostgreSQL's advisory locks, which serialise the reservations of one holder."""

_r, _v = reservations.c, variants.c
_product = select(products.c.id).where(products.c.id == _v.product_id, products.c.published).exists()
_currency = select(products.c.currency).where(products.c.id == _v.product_id).scalar_subquery()


class Reservation(msgspec.Struct, frozen=True):
    """The reserved quantity of one sku, and its expiry (seconds since the epoch)."""

    quantity: int
    until: int


class Reserved(msgspec.Struct, frozen=True):
    """The result of `reserve`: the quantity obtained of each sku, and the expiry (seconds since the epoch)."""

    quantities: Mapping[str, int]
    until: int


async def reserve(
    connection: AsyncConnection, holder: str, wanted: Mapping[str, int], *, until: int, now: int | None = None
) -> Reserved:
    """Reserve as much of the wanted quantities as is available.

    Returns the quantity obtained of each wanted sku: all of it if stock has no limit, 0 of what is not sold. The
    holder's earlier reservation counts towards it; what is no longer wanted goes back on sale. A reservation that has
    not expired at `now` keeps its expiry, for added units too; any other expires at `until` (both seconds since the
    epoch).
    """
    before = await _reservations_of(connection, holder)
    on_sale = await _on_sale(connection, {*wanted, *before})
    had = {sku: reservation.quantity for sku, reservation in before.items()}
    obtained = {
        sku: _obtainable(on_sale[sku], had.get(sku, 0), quantity) for sku, quantity in wanted.items() if sku in on_sale
    }
    reserved = {sku: quantity for sku, quantity in obtained.items() if quantity and on_sale[sku] is not None}
    changes = {sku: had.get(sku, 0) - reserved.get(sku, 0) for sku in {*had, *reserved}}
    await _add_to_sale(connection, {sku: change for sku, change in changes.items() if change})
    moment = int(time.time()) if now is None else now
    expires_at = min((each.until for each in before.values() if each.until > moment), default=until)
    await _store(connection, holder, before, reserved, expires_at)
    return Reserved({sku: obtained.get(sku, 0) for sku in wanted}, expires_at)


async def deduct(connection: AsyncConnection, holder: str, wanted: Mapping[str, int]) -> dict[str, Money]:
    """Deduct sold units: the holder's reserved units first, the rest from sale. Returns the current price by sku.

    All reservations of the holder are used or go back on sale. Raises OutOfStock with the quantity that this holder
    could have of each sku that is short; the transaction must be rolled back then. Two statements.
    """
    reserved = await _delete(connection, _keys_of(holder))
    needed = {sku: wanted.get(sku, 0) - reserved[sku] for sku in {*wanted, *reserved}}
    quantity = _by_sku(needed)
    enough = and_(_product, or_(_v.stock.is_(None), _v.stock >= quantity))
    statement = (
        update(variants)
        .where(_locked(needed, connection), or_(enough, _v.sku.not_in(list(wanted))))
        .values(stock=_v.stock - quantity)
        .returning(_v.sku, _v.price, _currency.label("currency"))
    )
    prices = {row.sku: Money(row.price, row.currency) for row in await connection.execute(statement)}
    if short := [sku for sku in wanted if sku not in prices]:
        rows = await connection.execute(select(_v.sku, _v.stock).where(_v.sku.in_(short), _product))
        available = {row.sku: row.stock + reserved[row.sku] for row in rows}
        raise OutOfStock({sku: available.get(sku, 0) for sku in short})
    return {sku: prices[sku] for sku in wanted}


async def restore(connection: AsyncConnection, quantities: Mapping[str, int]) -> None:
    """Put deducted units on sale again. Unknown skus are ignored."""
    await _add_to_sale(connection, quantities)


async def release_expired(connection: AsyncConnection, now: int, limit: int = 500) -> set[str]:
    """Release at most `limit` reservations that have expired at `now`; return the skus whose stock changed."""
    expired = select(_r.holder, _r.sku).where(_r.expires_at <= now).order_by(_r.expires_at).limit(limit)
    quantities = await _delete(connection, expired.with_for_update(skip_locked=True))
    await _add_to_sale(connection, quantities)
    return set(quantities)


def _obtainable(on_sale: int | None, reserved: int, wanted: int) -> int:
    """The part of the wanted quantity that a holder can have, including what is reserved for them."""
    return wanted if on_sale is None else min(wanted, on_sale + reserved)


def _keys_of(holder: str) -> Select[Any]:
    """Selects and locks the keys of a holder's reservations, in the order of skus."""
    return select(_r.holder, _r.sku).where(_r.holder == holder).order_by(_r.sku).with_for_update()


async def _reservations_of(connection: AsyncConnection, holder: str) -> dict[str, Reservation]:
    """The reservations of a holder by sku, locked."""
    if connection.dialect.name == "postgresql":
        # A row that does not exist yet cannot be locked, and two tabs may open the checkout at once.
        await connection.execute(select(func.pg_advisory_xact_lock(_RESERVATION_LOCK, func.hashtext(holder))))
    statement = select(_r.sku, _r.quantity, _r.expires_at).where(_r.holder == holder)
    found = await connection.execute(statement.order_by(_r.sku).with_for_update())
    return {row.sku: Reservation(row.quantity, row.expires_at) for row in found}


async def _on_sale(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, int | None]:
    """The quantity on sale (None: no limit) of each sku that is sold. Locks the rows of all the skus."""
    statement = select(_v.sku, _v.stock, _product.label("sold")).where(_v.sku.in_(list(skus))).order_by(_v.sku)
    found = await connection.execute(statement.with_for_update(key_share=True))
    return {row.sku: row.stock for row in found if row.sold}


async def _store(
    connection: AsyncConnection,
    holder: str,
    before: Mapping[str, Reservation],
    quantities: Mapping[str, int],
    until: int,
) -> None:
    """Replace the reservations of a holder; rows that stay the same are not written."""
    if dropped := [sku for sku in before if sku not in quantities]:
        await connection.execute(delete(reservations).where(_r.holder == holder, _r.sku.in_(dropped)))
    new = {sku: Reservation(quantity, until) for sku, quantity in quantities.items()}
    rows = [
        {"holder": holder, "sku": sku, "quantity": reservation.quantity, "expires_at": reservation.until}
        for sku, reservation in sorted(new.items())
        if before.get(sku) != reservation
    ]
    if rows:
        statement = insert_into(connection, reservations)
        changed = {name: statement.excluded[name] for name in ("quantity", "expires_at")}
        await connection.execute(statement.on_conflict_do_update(index_elements=["holder", "sku"], set_=changed), rows)


async def _delete(connection: AsyncConnection, chosen: Select[Any]) -> Counter[str]:
    """Delete the reservations with these keys; return their quantities by sku."""
    statement = delete(reservations).where(tuple_(_r.holder, _r.sku).in_(chosen)).returning(_r.sku, _r.quantity)
    quantities: Counter[str] = Counter()
    for row in await connection.execute(statement):
        quantities[row.sku] += row.quantity
    return quantities


async def _add_to_sale(connection: AsyncConnection, quantities: Mapping[str, int]) -> None:
    """Add quantities by sku (negative ones subtract) to what is on sale."""
    if quantities:
        statement = update(variants).where(_locked(quantities, connection)).values(stock=_v.stock + _by_sku(quantities))
        await connection.execute(statement)


def _locked(skus: Iterable[str], connection: AsyncConnection) -> ColumnElement[bool]:
    """Whether a variant has one of these skus. PostgreSQL locks the matching rows in the order of skus."""
    if connection.dialect.name != "postgresql":
        return _v.sku.in_(list(skus))
    one = variants.alias("one")
    chosen = select(one.c.sku).where(one.c.sku.in_(list(skus))).order_by(one.c.sku)
    return _v.sku.in_(chosen.with_for_update(key_share=True))


def _by_sku(quantities: Mapping[str, int]) -> ColumnElement[int]:
    counts = {sku: literal(count, BigInteger) for sku, count in quantities.items()}
    return case(counts, value=_v.sku, else_=literal(0, BigInteger))

"""Reserves, sells and restores stock. Every function runs inside the transaction of its connection.

A unit is in exactly one place: on sale (`variants.stock`), reserved (`reservations`, for a cart or for an order that is
not paid yet), committed (the same table, for a paid order), or gone. Every statement moves units between two of these
places by a difference, so concurrent transactions neither lose nor create units.

Whoever has not paid can reserve at most half of what is not sold: see `_shares`. Only an order on its way to the bank
keeps all that it needs, for the seconds that the bank takes.

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
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.reading.rows import texts
from shop.catalog.schema import products, renamed_skus, reservations, variants
from shop.database import insert_into
from shop.errors import OutOfStock
from shop.money import Money

_RESERVATION_LOCK = 0x686F6C64
"""First key of PostgreSQL's advisory locks, which serialise the reservations of one holder."""

NEVER = 253402300799
"""31 December 9999: the expiry of a reservation that ends with its order."""
MAX_RENAMES = 10
"""How often in a row a sku may have been renamed for its units to be followed."""

_r, _v = reservations.c, variants.c
_product = select(products.c.id).where(products.c.id == _v.product_id, products.c.published).exists()
_currency = select(products.c.currency).where(products.c.id == _v.product_id).scalar_subquery()
_NOTHING = null()
_title = select(products.c.title).where(products.c.id == _v.product_id).scalar_subquery()


class Sold(msgspec.Struct, frozen=True):
    """What a sku is at the moment it is sold."""

    price: Money
    title: str
    variant: str
    """The option values: 'Moss / Large'; '' for a product without options."""


class Reservation(msgspec.Struct, frozen=True):
    """The reserved quantity of one sku, and its expiry (seconds since the epoch)."""

    quantity: int
    until: int


class Reserved(msgspec.Struct, frozen=True):
    """The result of `reserve`: the quantities that the holder can buy, those reserved, and the expiry.

    The expiry is in seconds since the epoch.
    """

    quantities: Mapping[str, int]
    reserved: Mapping[str, int]
    until: int


async def reserve(
    connection: AsyncConnection, holder: str, wanted: Mapping[str, int], *, until: int, now: int | None = None
) -> Reserved:
    """Reserve the wanted quantities, as far as the holder's share of each sku goes.

    A quantity that can be bought is all of it if stock has no limit, 0 of what is not sold. The holder's earlier
    reservation counts towards it; what is no longer wanted goes back on sale. A reservation that has not expired at
    `now` keeps its expiry, for added units too; any other expires at `until` (both seconds since the epoch).
    """
    before = await _reservations_of(connection, holder)
    had = {sku: reservation.quantity for sku, reservation in before.items()}
    on_sale = await _on_sale(connection, {*wanted, *before})
    shares = await _shares(connection, holder, had, on_sale)
    obtained = {
        sku: _obtainable(on_sale[sku], had.get(sku, 0), quantity) for sku, quantity in wanted.items() if sku in on_sale
    }
    reserved = {sku: count for sku, quantity in obtained.items() if (count := min(quantity, shares.get(sku, 0)))}
    await _add_to_sale(connection, _differences(had, reserved))
    moment = int(time.time()) if now is None else now
    expires_at = min((each.until for each in before.values() if each.until > moment), default=until)
    await _store(connection, holder, before, reserved, expires_at)
    quantities = {sku: obtained.get(sku, 0) for sku in wanted}
    unlimited = {sku: quantity for sku, quantity in quantities.items() if on_sale.get(sku, 0) is None}
    return Reserved(quantities, reserved | unlimited, expires_at)


async def keep(connection: AsyncConnection, holder: str, wanted: Mapping[str, int]) -> set[str]:
    """Put on sale again what a holder has reserved beyond the wanted quantities; return the skus that changed."""
    before = await _reservations_of(connection, holder)
    had = {sku: reservation.quantity for sku, reservation in before.items()}
    kept = {sku: least for sku, quantity in had.items() if (least := min(quantity, wanted.get(sku, 0)))}
    changes = _differences(had, kept)
    await _add_to_sale(connection, changes)
    await _store(connection, holder, before, kept, min((each.until for each in before.values()), default=0))
    return set(changes)


async def deduct(connection: AsyncConnection, holder: str, wanted: Mapping[str, int]) -> dict[str, Sold]:
    """Deduct units: the holder's reserved units first, the rest from sale. Returns what each sku is now.

    All reservations of the holder are used or go back on sale. Raises OutOfStock with the quantity that this holder
    could have of each sku that is short; the transaction must be rolled back then. Two statements.
    """
    return (await _deduct(connection, holder, wanted, _NOTHING))[0]


async def _deduct(
    connection: AsyncConnection, holder: str, wanted: Mapping[str, int], asking: ColumnElement[Any]
) -> tuple[dict[str, Sold], Any]:
    """See `deduct`; `asking` is answered by the same statement."""
    reserved = await _delete(connection, _keys_of(holder))
    needed = {sku: wanted.get(sku, 0) - reserved[sku] for sku in {*wanted, *reserved}}
    quantity = _by_sku(needed)
    enough = and_(_product, or_(_v.stock.is_(None), _v.stock >= quantity))
    statement = (
        update(variants)
        .where(_locked(needed, connection), or_(enough, _v.sku.not_in(list(wanted))))
        .values(stock=_v.stock - quantity)
        .returning(
            *(_v.sku, _v.price, _v.options, _currency.label("currency"), _title.label("title")), asking.label("answer")
        )
    )
    rows = (await connection.execute(statement)).all()
    sold = {row.sku: _sold(row) for row in rows}
    if short := [sku for sku in wanted if sku not in sold]:
        there = await connection.execute(select(_v.sku, _v.stock).where(_v.sku.in_(short), _product))
        available = {row.sku: row.stock + reserved[row.sku] for row in there}
        raise OutOfStock({sku: available.get(sku, 0) for sku in short})
    return {sku: sold[sku] for sku in wanted}, rows[0].answer if rows else None


async def hold(
    connection: AsyncConnection,
    cart_id: str,
    number: str,
    wanted: Mapping[str, int],
    asking: ColumnElement[Any] = _NOTHING,
) -> tuple[dict[str, Sold], Any]:
    """Reserve units for an order of a cart while it is being paid: see `deduct`, whose errors it has.

    Returns its result, and the answer to `asking`, a scalar that the same statement looks up.
    """
    sold, answer = await _deduct(connection, cart_id, wanted, asking)
    rows = [_row(_order(number), sku, Reservation(quantity, NEVER)) for sku, quantity in sorted(wanted.items())]
    await connection.execute(insert_into(connection, reservations), rows)
    return sold, answer


async def share(connection: AsyncConnection, number: str) -> set[str]:
    """Reduce what an order holds to the share of those who have not paid; return the skus that changed.

    The shopper may take a quarter of an hour to confirm a payment, and anybody can begin one.
    """
    holder = _order(number)
    before = await _reservations_of(connection, holder)
    had = {sku: reservation.quantity for sku, reservation in before.items()}
    on_sale = await _on_sale(connection, had)
    shares = await _shares(connection, holder, had, on_sale)
    kept = {sku: min(quantity, shares.get(sku, quantity)) for sku, quantity in had.items()}
    changes = _differences(had, kept)
    await _add_to_sale(connection, changes)
    await _store(connection, holder, before, {sku: count for sku, count in kept.items() if count}, NEVER)
    return set(changes)


async def commit(connection: AsyncConnection, number: str, wanted: Mapping[str, int]) -> None:
    """Commit units to a paid order: those that it holds, the rest from sale. One statement, if it holds all.

    Raises OutOfStock if others have bought the rest meanwhile; the transaction must be rolled back then.
    """
    committing = update(reservations).where(_r.holder == _order(number)).values(committed=True)
    held: Counter[str] = Counter()
    for row in await connection.execute(committing.returning(_r.sku, _r.quantity)):
        held[row.sku] = row.quantity
    if missing := {sku: quantity - held[sku] for sku, quantity in wanted.items() if quantity > held[sku]}:
        await deduct(connection, "", missing)
        rows = [_row(_order(number), sku, Reservation(wanted[sku], NEVER)) | {"committed": True} for sku in missing]
        statement = insert_into(connection, reservations)
        whole = {"quantity": statement.excluded.quantity}
        await connection.execute(statement.on_conflict_do_update(index_elements=["holder", "sku"], set_=whole), rows)


async def hand_over(connection: AsyncConnection, number: str) -> dict[str, int]:
    """End what an order reserves or has: its units leave the shop, or go on sale again by `restore`. Returns them."""
    return dict(await _delete(connection, _keys_of(_order(number))))


async def uncommit(connection: AsyncConnection, number: str, quantities: Mapping[str, int]) -> None:
    """Put units on sale again that are committed to an order."""
    await restore(connection, await leave(connection, number, quantities))


async def leave(connection: AsyncConnection, number: str, quantities: Mapping[str, int]) -> dict[str, int]:
    """Take units out of what is committed to an order; return them under the present names of their skus."""
    holder, left = _order(number), dict(quantities)
    held = set(await connection.scalars(select(_r.sku).where(_r.holder == holder, _r.committed)))
    own: Counter[str] = Counter()
    for _ in range(MAX_RENAMES):
        own.update({sku: quantity for sku, quantity in left.items() if sku in held})
        left = await _renamed(connection, {sku: quantity for sku, quantity in left.items() if sku not in held})
        if not left:
            break
    for sku, quantity in sorted(own.items()):
        row = and_(_r.holder == holder, _r.sku == sku)
        await connection.execute(delete(reservations).where(row, _r.quantity == quantity))
        fewer = update(reservations).where(row, _r.quantity > quantity).values(quantity=_r.quantity - quantity)
        await connection.execute(fewer)
    return dict(own)


async def restore(connection: AsyncConnection, quantities: Mapping[str, int]) -> None:
    """Put units on sale again, under the present name of a sku that was renamed. Unknown skus are ignored."""
    for _ in range(MAX_RENAMES):
        found = await _add_to_sale(connection, quantities)
        unknown = {sku: quantity for sku, quantity in quantities.items() if sku not in found}
        if not unknown:
            return
        quantities = await _renamed(connection, unknown)


async def release_expired(connection: AsyncConnection, now: int, limit: int = 500) -> set[str]:
    """Release at most `limit` reservations that have expired at `now`; return the skus whose stock changed."""
    expired = select(_r.holder, _r.sku).where(_r.expires_at <= now).order_by(_r.expires_at).limit(limit)
    quantities = await _delete(connection, expired.with_for_update(skip_locked=True))
    await restore(connection, quantities)
    return set(quantities)


async def _shares(
    connection: AsyncConnection, holder: str, had: Mapping[str, int], on_sale: Mapping[str, int | None]
) -> dict[str, int]:
    """The quantity of each limited sku that a holder may reserve.

    All who have not paid may together reserve half of what is not sold, so that nobody takes a sku off sale by
    reserving it. The variants are locked already.
    """
    limited = {sku: stock for sku, stock in on_sale.items() if stock is not None}
    unpaid_by_others = (_r.sku.in_(limited), _r.holder != holder, ~_r.committed)
    statement = select(_r.sku, func.sum(_r.quantity).label("quantity")).where(*unpaid_by_others)
    others = {row.sku: int(row.quantity) for row in await connection.execute(statement.group_by(_r.sku))}
    unsold = {sku: stock + had.get(sku, 0) + others.get(sku, 0) for sku, stock in limited.items()}
    return {sku: max(0, count // 2 - others.get(sku, 0)) for sku, count in unsold.items()}


def _differences(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """What goes back on sale (negative: what is taken) as a holder's reservations change."""
    changes = {sku: before.get(sku, 0) - after.get(sku, 0) for sku in {*before, *after}}
    return {sku: change for sku, change in changes.items() if change}


async def _renamed(connection: AsyncConnection, quantities: Mapping[str, int]) -> dict[str, int]:
    """The quantities under the new names of these skus, without those that have none."""
    statement = select(renamed_skus).where(renamed_skus.c.old.in_(quantities))
    found: Counter[str] = Counter()
    for row in await connection.execute(statement):
        found[row.new] += quantities[row.old]
    return dict(found)


def _sold(row: Row[Any]) -> Sold:
    return Sold(Money(row.price, row.currency), row.title, " / ".join(texts(row.options)))


def _order(number: str) -> str:
    """The holder of the reservations of an order."""
    return f"order:{number}"


def _row(holder: str, sku: str, reservation: Reservation) -> dict[str, Any]:
    return {"holder": holder, "sku": sku, "quantity": reservation.quantity, "expires_at": reservation.until}


def _obtainable(on_sale: int | None, reserved: int, wanted: int) -> int:
    """The part of the wanted quantity that a holder can have, including what is reserved for them."""
    return wanted if on_sale is None else min(wanted, on_sale + reserved)


def _keys_of(holder: str) -> Select[Any]:
    """Selects and locks the keys of a holder's reservations, in the order of skus."""
    return select(_r.holder, _r.sku).where(_r.holder == holder).order_by(_r.sku).with_for_update()


async def _reservations_of(connection: AsyncConnection, holder: str) -> dict[str, Reservation]:
    """The reservations of a holder by sku, without what is committed. Locked."""
    if connection.dialect.name == "postgresql":
        # A row that does not exist yet cannot be locked, and two tabs may open the checkout at once.
        await connection.execute(select(func.pg_advisory_xact_lock(_RESERVATION_LOCK, func.hashtext(holder))))
    statement = select(_r.sku, _r.quantity, _r.expires_at).where(_r.holder == holder, ~_r.committed)
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
        _row(holder, sku, reservation) for sku, reservation in sorted(new.items()) if before.get(sku) != reservation
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


async def _add_to_sale(connection: AsyncConnection, quantities: Mapping[str, int]) -> set[str]:
    """Add quantities by sku (negative ones subtract) to what is on sale; return the skus that exist."""
    if not quantities:
        return set()
    statement = update(variants).where(_locked(quantities, connection)).values(stock=_v.stock + _by_sku(quantities))
    return set(await connection.scalars(statement.returning(_v.sku)))


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

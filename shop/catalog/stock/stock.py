"""Stock: set aside for a while, taken for good, given back. Each on a connection that is inside a transaction.

A piece is always in one place: on sale (`variants.stock`), set aside for a holder (`reservations`), or taken. Every
statement moves pieces by differences between two of them, so that none is lost or made, whatever runs in parallel.

No two of these can wait for each other in a circle: each locks reservations first and variants then, both in the order
of their skus (see docs/decisions/stock-is-set-aside.md). SQLite has one writer at a time, and nothing to order.
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

_HOLDS = 0x686F6C64
"""First key of PostgreSQL's advisory locks that let a holder set aside one thing at a time."""

_r, _v = reservations.c, variants.c
_product = select(products.c.id).where(products.c.id == _v.product_id, products.c.published).exists()
_currency = select(products.c.currency).where(products.c.id == _v.product_id).scalar_subquery()


class ReservationRequest(msgspec.Struct, frozen=True):
    """Pieces of a sku that are set aside, and until when (seconds since the epoch)."""

    quantity: int
    until: int


class Reserved(msgspec.Struct, frozen=True):
    """What a holder has of what they want: pieces by sku, and until when (seconds since the epoch)."""

    pieces: Mapping[str, int]
    until: int


async def hold(
    connection: AsyncConnection, holder: str, wanted: Mapping[str, int], *, until: int, now: int | None = None
) -> Reserved:
    """Set aside as many of the wanted pieces as there are.

    Gives the pieces held of each wanted sku: all of them where stock has no limit, 0 of what is not sold. What the
    holder had counts, and what is no longer wanted goes back. A hold that is not over at `now` keeps its end, for new
    pieces too; any other ends at `until` (both seconds since the epoch).
    """
    own = await _own(connection, holder)
    free = await _free(connection, {*wanted, *own})
    had = {sku: one.quantity for sku, one in own.items()}
    share = {sku: _share(free.get(sku, 0), had.get(sku, 0), most) for sku, most in wanted.items() if sku in free}
    held = {sku: pieces for sku, pieces in share.items() if pieces and free[sku] is not None}
    changes = {sku: had.get(sku, 0) - held.get(sku, 0) for sku in {*had, *held}}
    await _move(connection, {sku: change for sku, change in changes.items() if change})
    alive = [one.until for one in own.values() if one.until > (int(time.time()) if now is None else now)]
    end = min(alive, default=until)
    await _keep(connection, holder, own, held, end)
    return Reserved({sku: share.get(sku, 0) for sku in wanted}, end)


async def take(connection: AsyncConnection, holder: str, wanted: Mapping[str, int]) -> dict[str, Money]:
    """Take pieces for good: the holder's own first, the rest of what is on sale. The price of each sku now.

    All that was set aside for the holder is used or goes back. Raises OutOfStock, with what this holder could have had
    of each sku that is short, and then the transaction must be rolled back. Two statements.
    """
    own = await _drop(connection, _of(holder))
    need = {sku: wanted.get(sku, 0) - own[sku] for sku in {*wanted, *own}}
    asked = _by_sku(need)
    enough = and_(_product, or_(_v.stock.is_(None), _v.stock >= asked))
    statement = (
        update(variants)
        .where(_locked(need, connection), or_(enough, _v.sku.not_in(list(wanted))))
        .values(stock=_v.stock - asked)
        .returning(_v.sku, _v.price, _currency.label("currency"))
    )
    taken = {row.sku: Money(row.price, row.currency) for row in await connection.execute(statement)}
    if missing := [sku for sku in wanted if sku not in taken]:
        left = await connection.execute(select(_v.sku, _v.stock).where(_v.sku.in_(missing), _product))
        there = {row.sku: row.stock + own[row.sku] for row in left}
        raise OutOfStock({sku: there.get(sku, 0) for sku in missing})
    return {sku: taken[sku] for sku in wanted}


async def give_back(connection: AsyncConnection, pieces: Mapping[str, int]) -> None:
    """Put taken pieces on sale again; skus that are no longer known: nothing."""
    await _move(connection, pieces)


async def release_expired(connection: AsyncConnection, now: int, limit: int = 500) -> set[str]:
    """Give back what was set aside until `now`, at most `limit` reservations; the skus whose stock changed."""
    over = select(_r.holder, _r.sku).where(_r.expires_at <= now).order_by(_r.expires_at).limit(limit)
    pieces = await _drop(connection, over.with_for_update(skip_locked=True))
    await _move(connection, pieces)
    return set(pieces)


def _share(free: int | None, held: int, wanted: int) -> int:
    """How many of the wanted pieces a holder gets, who has some of them already."""
    return wanted if free is None else min(wanted, free + held)


def _of(holder: str) -> Select[Any]:
    """The keys of a holder's reservations, each locked in turn."""
    return select(_r.holder, _r.sku).where(_r.holder == holder).order_by(_r.sku).with_for_update()


async def _own(connection: AsyncConnection, holder: str) -> dict[str, ReservationRequest]:
    """What is set aside for a holder, locked."""
    if connection.dialect.name == "postgresql":
        # A reservation that is not there yet cannot be locked, and two tabs may open the checkout at once.
        await connection.execute(select(func.pg_advisory_xact_lock(_HOLDS, func.hashtext(holder))))
    statement = select(_r.sku, _r.quantity, _r.expires_at).where(_r.holder == holder)
    found = await connection.execute(statement.order_by(_r.sku).with_for_update())
    return {row.sku: ReservationRequest(row.quantity, row.expires_at) for row in found}


async def _free(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, int | None]:
    """What is on sale of each of the skus that are sold; locks all of them."""
    statement = select(_v.sku, _v.stock, _product.label("sold")).where(_v.sku.in_(list(skus))).order_by(_v.sku)
    found = await connection.execute(statement.with_for_update(key_share=True))
    return {row.sku: row.stock for row in found if row.sold}


async def _keep(
    connection: AsyncConnection,
    holder: str,
    own: Mapping[str, ReservationRequest],
    pieces: Mapping[str, int],
    until: int,
) -> None:
    """Write what is set aside for a holder from now on, where it is otherwise than it was."""
    if gone := [sku for sku in own if sku not in pieces]:
        await connection.execute(delete(reservations).where(_r.holder == holder, _r.sku.in_(gone)))
    new = {sku: ReservationRequest(quantity, until) for sku, quantity in pieces.items()}
    rows = [
        {"holder": holder, "sku": sku, "quantity": hold.quantity, "expires_at": hold.until}
        for sku, hold in sorted(new.items())
        if own.get(sku) != hold
    ]
    if rows:
        statement = insert_into(connection, reservations)
        changed = {name: statement.excluded[name] for name in ("quantity", "expires_at")}
        await connection.execute(statement.on_conflict_do_update(index_elements=["holder", "sku"], set_=changed), rows)


async def _drop(connection: AsyncConnection, chosen: Select[Any]) -> Counter[str]:
    """Delete the reservations of these keys; their pieces by sku."""
    statement = delete(reservations).where(tuple_(_r.holder, _r.sku).in_(chosen)).returning(_r.sku, _r.quantity)
    pieces: Counter[str] = Counter()
    for row in await connection.execute(statement):
        pieces[row.sku] += row.quantity
    return pieces


async def _move(connection: AsyncConnection, pieces: Mapping[str, int]) -> None:
    """Add so many pieces of each sku to what is on sale."""
    if pieces:
        statement = update(variants).where(_locked(pieces, connection)).values(stock=_v.stock + _by_sku(pieces))
        await connection.execute(statement)


def _locked(skus: Iterable[str], connection: AsyncConnection) -> ColumnElement[bool]:
    """Whether a variant is one of these, which PostgreSQL locks in the order of their skus."""
    if connection.dialect.name != "postgresql":
        return _v.sku.in_(list(skus))
    one = variants.alias("one")
    chosen = select(one.c.sku).where(one.c.sku.in_(list(skus))).order_by(one.c.sku)
    return _v.sku.in_(chosen.with_for_update(key_share=True))


def _by_sku(pieces: Mapping[str, int]) -> ColumnElement[int]:
    counts = {sku: literal(count, BigInteger) for sku, count in pieces.items()}
    return case(counts, value=_v.sku, else_=literal(0, BigInteger))

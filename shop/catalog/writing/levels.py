"""The stock of skus inside a transaction, and the history of what people change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.model import StockLevel
from shop.catalog.schema import renamed_skus, reservations, stock_changes, variants
from shop.database import insert_into

Kind = Literal["set", "added", "counted", "imported", "renamed", "returned", "written off"]

_v, _r = variants.c, reservations.c


class StockChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the quantity on hand by a person; None stands for no limit. `at`: seconds since the epoch."""

    sku: str
    kind: Kind
    before: int | None
    after: int | None
    reason: str
    who: str
    at: int = 0


async def locked_levels(connection: AsyncConnection, skus: Sequence[str]) -> dict[str, StockLevel]:
    """The stock of those skus that exist. It cannot change until the transaction ends."""
    statement = select(_v.sku).where(_v.sku.in_(skus)).order_by(_v.sku).with_for_update(key_share=True)
    await connection.execute(statement)
    return await levels(connection, skus)


async def levels(connection: AsyncConnection, skus: Sequence[str]) -> dict[str, StockLevel]:
    """The stock of those skus that exist."""
    kept = await kept_from_sale(connection, skus)
    found = await connection.execute(select(_v.sku, _v.stock).where(_v.sku.in_(skus)))
    return {row.sku: msgspec.structs.replace(kept[row.sku], stock=row.stock) for row in found}


async def kept_from_sale(connection: AsyncConnection, skus: Sequence[str]) -> dict[str, StockLevel]:
    """What is reserved and committed of each of these skus, sold in the shop or not; nothing is on sale in it."""
    sums = (func.sum(case((of, _r.quantity), else_=0)) for of in (~_r.committed, _r.committed))
    statement = select(_r.sku, *sums).where(_r.sku.in_(skus)).group_by(_r.sku)
    counts = {sku: StockLevel(0, int(r), int(c)) for sku, r, c in await connection.execute(statement)}
    return {sku: counts.get(sku, StockLevel(0)) for sku in skus}


async def record(connection: AsyncConnection, changes: Sequence[StockChange]) -> None:
    """Write changes into the history."""
    if changes:
        await connection.execute(insert_into(connection, stock_changes), [msgspec.structs.asdict(c) for c in changes])


async def move_reservations(connection: AsyncConnection, renames: Mapping[str, str]) -> None:
    """Give what is reserved and committed of skus (old -> new) their new names. Comes before any lock on variants."""
    for old, new in sorted(renames.items()):
        await connection.execute(update(reservations).where(_r.sku == old).values(sku=new))


async def rename(connection: AsyncConnection, renames: Mapping[str, str], *, who: str, at: int) -> None:
    """Give skus (old -> new) their new names, with their history. Their variants are locked already."""
    for old, new in sorted(renames.items()):
        await connection.execute(update(variants).where(_v.sku == old).values(sku=new))
        await connection.execute(update(stock_changes).where(stock_changes.c.sku == old).values(sku=new))
        statement = insert_into(connection, renamed_skus).values(old=old, new=new)
        again = statement.on_conflict_do_update(index_elements=["old"], set_={"new": statement.excluded.new})
        await connection.execute(again)
    found = await levels(connection, list(renames.values()))
    changes = [(new, found[new].on_hand, f"was {old}") for old, new in renames.items()]
    await record(
        connection,
        [
            StockChange(sku=new, kind="renamed", before=count, after=count, reason=reason, who=who, at=at)
            for new, count, reason in changes
        ],
    )

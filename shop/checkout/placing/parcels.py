"""The parcels of orders: what left the shop, and what came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.model import Parcel
from shop.checkout.schema import order_parcels


def of_order(number: str) -> Select[Any]:
    """The query for the parcels of an order, in order."""
    return select(order_parcels).where(order_parcels.c.number == number).order_by(order_parcels.c.position)


async def parcels_of(connection: AsyncConnection, number: str) -> list[Parcel]:
    """The parcels of an order, in order."""
    return [parcel_of(row) for row in await connection.execute(of_order(number))]


def parcel_of(row: Row[Any]) -> Parcel:
    """The parcel in a row."""
    return Parcel(
        position=row.position,
        skus=msgspec.json.decode(row.skus, type=dict[str, int]),
        carrier=row.carrier,
        tracking=row.tracking,
        returned=row.returned,
        restocked=row.restocked,
        at=row.at,
    )


async def add(connection: AsyncConnection, number: str, parcel: Parcel) -> Parcel:
    """Store a parcel of a locked order; return it with its position."""
    last = select(func.coalesce(func.max(order_parcels.c.position), 0)).where(order_parcels.c.number == number)
    stored = msgspec.structs.replace(parcel, position=int(await connection.scalar(last) or 0) + 1)
    row = msgspec.structs.asdict(stored) | {"number": number, "skus": msgspec.json.encode(stored.skus).decode()}
    await connection.execute(insert(order_parcels).values(row))
    return stored


def units(some: Sequence[Parcel]) -> Counter[str]:
    """The quantities in parcels, by sku."""
    return sum((Counter(parcel.skus) for parcel in some), Counter[str]())

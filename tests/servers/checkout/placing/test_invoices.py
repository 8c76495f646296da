"""Invoices are numbered without gaps, on both databases, however many are asked for at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.model import Order
from shop.checkout.placing.invoices import Invoices
from shop.checkout.pricing.tax_table import Seller
from shop.errors import NotFound
from tests.fixtures.order_scene import Scene

SELLER = Seller(country="DE", name="Example Ltd", address=("1 Quay",), vat_id="DE136695976")
NEW_YEAR = int(datetime(2026, 12, 31, 23, 30, tzinfo=UTC).timestamp())


def numbered(engine: AsyncEngine, seller: Seller = SELLER, at: float = NEW_YEAR, zone: str = "UTC") -> Invoices:
    from zoneinfo import ZoneInfo

    return Invoices(engine, seller, "R-{year}-", ZoneInfo(zone), lambda: at)


async def paid(scene: Scene, count: int) -> list[Order]:
    order = await scene.process().place(await scene.submission(await scene.cart("MUG")))
    return [msgspec.structs.replace(order, number=f"{place:016}") for place in range(count)]


async def test_numbers_have_no_gaps_however_many_are_asked_for_at_once(scene: Scene) -> None:
    orders = await paid(scene, 3)
    shops = [numbered(scene.database) for _ in range(3)]
    asked = [shop.of(order) for order in orders for shop in shops]
    found = await asyncio.gather(*asked)
    assert sorted({invoice.number for invoice in found}) == [f"R-2026-{serial:05}" for serial in range(1, 4)]
    by_order = [{found[place * 3 + shop].number for shop in range(3)} for place in range(3)]
    assert all(len(numbers) == 1 for numbers in by_order)


async def test_a_series_begins_with_the_year_of_the_shops_own_clock(scene: Scene) -> None:
    first, second, third = await paid(scene, 3)
    assert (await numbered(scene.database).of(first)).number == "R-2026-00001"
    assert (await numbered(scene.database, zone="Europe/Berlin").of(second)).number == "R-2027-00001"
    assert (await numbered(scene.database).of(third)).number == "R-2026-00002"


async def test_an_invoice_keeps_who_sold(scene: Scene) -> None:
    (order,) = await paid(scene, 1)
    await numbered(scene.database).of(order)
    later = await numbered(scene.database, msgspec.structs.replace(SELLER, name="Other")).of(order)
    assert later.seller == SELLER


@pytest.mark.parametrize(("state", "seller"), [("placed", SELLER), ("cancelled", SELLER), ("paid", Seller())])
async def test_there_is_none_of_an_order_that_was_not_paid_or_without_a_seller(
    scene: Scene, state: str, seller: Seller
) -> None:
    (order,) = await paid(scene, 1)
    unpaid = msgspec.structs.replace(order, state=state)
    with pytest.raises(NotFound):
        await numbered(scene.database, seller).of(unpaid)

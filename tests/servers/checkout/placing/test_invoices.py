"""Invoices are numbered without gaps, on both databases, however many are asked for at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.model import Order
from shop.checkout.placing.credit_notes import REST, CreditNotes
from shop.checkout.placing.invoices import Invoices
from shop.checkout.placing.refunds import PartRefund
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


def credit_notes(scene: Scene) -> CreditNotes:
    return CreditNotes(scene.database, numbered(scene.database), "C{year}-", UTC, lambda: NEW_YEAR)


async def test_each_refund_after_an_invoice_has_one_credit_note_in_a_series_without_gaps(scene: Scene) -> None:
    order = await scene.process().place(await scene.submission(await scene.cart("MUG", "BOWL")))
    steps, notes = scene.process().transitions, credit_notes(scene)
    after, amount = await steps.refund_part(order, PartRefund(skus={"MUG": 1}), who="", why="")
    assert await notes.credits(after) == [], "there is no invoice"
    with pytest.raises(NotFound):
        await notes.of(after, 1)
    invoice = await numbered(scene.database).of(order)
    await steps.pay_refunds(after)
    whole = await steps.refund(await scene.process().orders.find(order.number))
    assert whole is not None
    assert [(each.position, each.amount) for each in await notes.credits(whole)] == [
        (1, amount.amount),
        (REST, order.quote.totals.total - amount.amount),
    ]
    found = await asyncio.gather(*(credit_notes(scene).of(whole, position) for position in (1, REST, 1, REST)))
    assert {note.number for note in found} == {"C2026-00001", "C2026-00002"}
    assert found[0] == found[2]
    assert {note.invoice for note in found} == {invoice}
    (tax,) = found[0].credit.taxes(whole)
    assert (tax.title, tax.net, tax.amount) == ("VAT 19%", 840, 160)
    assert sum(part.amount for note in found[:2] for part in note.credit.taxes(whole)) == order.quote.totals.tax


async def test_an_invoice_stays_when_its_order_is_cancelled(scene: Scene) -> None:
    order = await scene.process().place(await scene.submission())
    invoice = await numbered(scene.database).of(order)
    cancelled = await scene.process().transitions.cancel(order)
    assert cancelled is not None
    assert await numbered(scene.database).of(cancelled) == invoice
    assert [each.amount for each in await credit_notes(scene).credits(cancelled)] == [order.quote.totals.total]

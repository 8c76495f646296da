"""Attacks by operators: parts of the same order refunded from several processes at once."""

from __future__ import annotations

import asyncio
from contextlib import redirect_stdout
from io import StringIO

from sqlalchemy import func, select

from shop.checkout.schema import demo_refunds
from shop.commands.orders.refund import refund_part
from shop.database import create_engine, fetch
from shop.errors import InvalidInput, OrderStateRefused, StoreUnavailable
from shop.settings import Settings
from tests.chaos.attacks.attack import Attack, Raid

AT_ONCE = 5
"""Operators, each with connections of their own."""
PART = 600
"""Cents: one part fits into an order, all of them do not."""


async def refunded_in_parts(raid: Raid) -> None:
    """Several operators refund a part of each order, more than was paid for it: what is refunded moves once."""
    buyers = raid.buyers(raid.many)
    await asyncio.gather(*(buyer.adds("cup") for buyer in buyers))
    await raid.until_decided(buyers)
    await raid.audit.settled()
    numbers = [order.number for order in await raid.live()]
    with redirect_stdout(StringIO()):  # of the commands
        taken = {
            number: sum(await asyncio.gather(*(refunds(raid, number) for _ in range(AT_ONCE)))) for number in numbers
        }
    await raid.audit.settled()
    moved = await money_moved(raid)
    for order in await raid.live():
        known, ledger = taken[order.number] * PART, moved.get(order.number, 0)
        raid.expects(known == order.refunded == ledger, f"refunded {order.refunded}, moved {ledger}, told {known}")
        raid.expects(0 < ledger <= order.quote.total.amount, f"{ledger} of {order.quote.total.amount} moved")


async def refunds(raid: Raid, number: str) -> bool:
    """Refund a part; whether that was taken."""
    settings, amount = Settings(database_url=raid.stage.database_url), f"{PART / 100:.2f}"
    try:
        await refund_part(settings, number, amount, None, restock=False, why="", yes=True)
    except (InvalidInput, OrderStateRefused, StoreUnavailable):
        return False
    return True


async def money_moved(raid: Raid) -> dict[str, int]:
    """What the bank has refunded of each order, in cents."""
    engine = create_engine(raid.stage.database_url)
    try:
        sums = select(demo_refunds.c.key, func.sum(demo_refunds.c.amount).label("amount")).group_by(demo_refunds.c.key)
        return {row.key: int(row.amount) for row in await fetch(engine, sums)}
    finally:
        await engine.dispose()


ATTACKS = (Attack("refunds", "refunded in parts by five at once", refunded_in_parts, many=40, few=4),)

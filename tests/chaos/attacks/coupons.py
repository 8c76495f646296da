"""Attacks on coupons: one that few may use, used by many; one for each shopper, used by one shopper many times."""

from __future__ import annotations

import asyncio

from tests.chaos.attacks.attack import Attack, Raid
from tests.chaos.attacks.buyer import Buyer, Said


async def few_uses(raid: Raid) -> None:
    """Everybody has it in the cart while it still counts. Who is too late is told, and may order without it."""
    buyers = raid.buyers(raid.many)
    await enter(raid, buyers, "FEW-USES")
    replies = await raid.at_once(buyer.orders() for buyer in buyers)
    raid.expects(raid.count(Said.ORDERED) == 7, f"{raid.count(Said.ORDERED)} orders with a coupon for 7")
    late = [reply for reply in replies if reply.said is Said.TOLD]
    raid.expects(len(late) == raid.many - 7, f"{len(late)} of {raid.many - 7} were told")
    raid.expects(all("FEW-USES" in reply.words for reply in late), "somebody was not told of the coupon")


async def once_each(raid: Raid) -> None:
    """One person with many browsers, and one e-mail address."""
    buyers = [raid.buyer("same") for _ in range(raid.many)]
    await enter(raid, buyers, "ONCE-EACH")
    await raid.at_once(buyer.orders() for buyer in buyers)
    raid.expects(raid.count(Said.ORDERED) == 1, f"{raid.count(Said.ORDERED)} orders with a coupon for one")
    raid.expects(raid.count(Said.TOLD) == raid.many - 1, f"{raid.count(Said.TOLD)} of {raid.many - 1} were told")


async def enter(raid: Raid, buyers: list[Buyer], code: str) -> None:
    async def enters(buyer: Buyer) -> bool:
        return await buyer.adds("vase") and await buyer.enters(code)

    taken = await asyncio.gather(*map(enters, buyers))
    raid.expects(all(taken), "not everybody had the coupon in the cart")


ATTACKS = (
    Attack("coupon", "a coupon for 7 orders, used by all", few_uses, many=100, few=30),
    Attack("once", "a coupon for each shopper once", once_each, many=100, few=30),
)

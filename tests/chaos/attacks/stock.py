"""Attacks on the stock: more shoppers than pieces, and orders that want the same things in different order."""

from __future__ import annotations

import asyncio

from tests.chaos.attacks.attack import Attack, Raid
from tests.chaos.attacks.buyer import Said
from tests.chaos.attacks.shops import ASIDE, CROSSED, LAST

NOTHING = "Nothing was ordered or charged"
CROSSINGS = (("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a"))


async def last_pieces(raid: Raid) -> None:
    """Everybody has one of the last pieces in the cart, and everybody orders."""
    buyers = raid.buyers(raid.many)
    added = await asyncio.gather(*(buyer.adds("last-piece") for buyer in buyers))
    raid.expects(all(added), "not everybody had the last piece in the cart")
    replies = await raid.at_once(buyer.orders() for buyer in buyers)
    all_sold(raid, LAST)
    silent = [reply for reply in replies if reply.said is Said.TOLD and NOTHING not in reply.words]
    raid.expects(not silent, f"{len(silent)} were not told that nothing was charged")


async def last_pieces_set_aside(raid: Raid) -> None:
    """Everybody opens the checkout first: whoever has the pieces set aside gets them, and nobody else does."""
    buyers = raid.buyers(raid.many)
    await asyncio.gather(*(buyer.adds("last-piece-aside") for buyer in buyers))
    forms = await asyncio.gather(*(buyer.opens_the_checkout() for buyer in buyers))
    await raid.at_once(buyer.orders(form) for buyer, form in zip(buyers, forms, strict=True))
    all_sold(raid, ASIDE)


async def crossing_orders(raid: Raid) -> None:
    """Orders of the same three things, each begun from another: two that wait for each other would be a deadlock."""
    buyers = raid.buyers(raid.many)
    ways = [tuple(f"crossed-{one}" for one in CROSSINGS[n % len(CROSSINGS)]) for n in range(raid.many)]
    await asyncio.gather(*(buyer.adds(*way) for buyer, way in zip(buyers, ways, strict=True)))
    await raid.at_once(buyer.orders() for buyer in buyers)
    all_sold(raid, CROSSED)


def all_sold(raid: Raid, pieces: int) -> None:
    """Every piece is ordered, and everybody else was told so."""
    sold, told = raid.count(Said.ORDERED), raid.count(Said.TOLD)
    raid.expects(sold == pieces, f"{sold} orders for {pieces} pieces")
    raid.expects(told == raid.many - pieces, f"{told} of {raid.many - pieces} were told")


ATTACKS = (
    Attack("last", "the last 10 pieces", last_pieces),
    Attack("aside", "the last 10 pieces, set aside", last_pieces_set_aside),
    Attack("crossing", "three things, in three orders", crossing_orders, few=60),
)

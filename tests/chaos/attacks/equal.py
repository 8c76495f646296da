"""Attacks by repetition: the same order many times, from two tabs, or with two cards."""

from __future__ import annotations

import asyncio

from tests.chaos.address import GOOD
from tests.chaos.attacks.attack import Attack, Raid
from tests.chaos.attacks.buyer import DECLINED, Said


async def one_form(raid: Raid) -> None:
    """One form, sent many times."""
    buyer = raid.buyer("clicks")
    await buyer.adds("cup", "vase")
    form = await buyer.opens_the_checkout()
    await raid.until_decided(raid.tabs(buyer, raid.many), form)
    await one_order(raid)


async def one_key(raid: Raid) -> None:
    """A program that tries again and again, with one Idempotency-Key."""
    buyer = raid.buyer("program")
    await buyer.adds("cup", "vase")
    await raid.until_decided(raid.tabs(buyer, raid.many), key="the same")
    await one_order(raid)


async def two_bodies(raid: Raid) -> None:
    """One Idempotency-Key for two requests that differ: the order of one is made, the other is told so."""
    buyer = raid.buyer("reuses")
    await buyer.adds("cup")
    tabs = raid.tabs(buyer, raid.many)
    for tab in tabs[::2]:
        tab.email = "other-" + buyer.email
    await raid.until_decided(tabs, key="the same")
    await one_order(raid, all_sent=False)
    told = [reply for reply in raid.replies if reply.said is Said.TOLD]
    raid.expects(len(told) == raid.many // 2, f"{len(told)} of {raid.many // 2} were told")


async def two_cards(raid: Raid) -> None:
    """One form with a card that is declined and one that is not, by turns."""
    buyer = raid.buyer("cards")
    await buyer.adds("cup")
    form = await buyer.opens_the_checkout()
    cards = [(DECLINED, GOOD)[n % 2] for n in range(raid.many)]
    tabs = raid.tabs(buyer, raid.many)
    await raid.at_once(tab.orders(form, card=card) for tab, card in zip(tabs, cards, strict=True))
    await raid.at_once([buyer.orders(form)])
    await one_order(raid, all_sent=False)


async def two_tabs(raid: Raid) -> None:
    """Each opens the checkout in two tabs, puts more into the cart between them, and sends both."""
    buyers = raid.buyers(raid.many // 2)

    async def both(number: int) -> None:
        buyer = buyers[number]
        other = raid.tabs(buyer, 1)[0]
        await buyer.adds("cup")
        older = await buyer.opens_the_checkout()
        await other.adds("vase")
        newer = await other.opens_the_checkout()
        assert older is not None
        assert newer is not None
        first, second = await raid.at_once([buyer.orders(older), other.orders(newer)])
        raid.expects(first.said is Said.TOLD, f"a form that shows an older cart was answered {first.said.value}")
        raid.expects(second.said is Said.ORDERED, f"the newer form was answered {second.said.value}: {second.words}")

    await asyncio.gather(*(both(number) for number in range(len(buyers))))
    made = await raid.live()
    raid.expects(len(made) == len(buyers), f"{len(made)} orders of {len(buyers)} shoppers")
    raid.expects(all(order.quote.wanted == {"cup": 1, "vase": 1} for order in made), "an order is not what was shown")


async def one_order(raid: Raid, *, all_sent: bool = True) -> None:
    """One order was made, and everybody whose order was taken was sent to it."""
    made = await raid.live()
    numbers = {reply.number for reply in raid.replies if reply.said is Said.ORDERED}
    raid.expects(len(made) == 1, f"{len(made)} orders of one checkout")
    raid.expects(numbers == {order.number for order in made}, f"they were sent to {len(numbers)} orders")
    if all_sent:
        sent = raid.count(Said.ORDERED)
        raid.expects(sent == raid.many, f"{sent} of {raid.many} were sent to it")


ATTACKS = (
    Attack("equal", "one form, sent by all", one_form),
    Attack("key", "one Idempotency-Key, no form", one_key),
    Attack("reuse", "one Idempotency-Key, two requests", two_bodies, many=100, few=20),
    Attack("cards", "one form, two cards by turns", two_cards, many=60, few=20),
    Attack("tabs", "two tabs, two states of the cart", two_tabs, many=100, few=20),
)

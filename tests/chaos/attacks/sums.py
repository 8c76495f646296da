"""Attacks on totals: the cart, a price or the order itself changes while it is ordered and paid."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, redirect_stdout, suppress
from io import StringIO
from itertools import cycle

from shop.catalog.exchange_rates import read_rates
from shop.catalog.writing.importing import CatalogImport
from shop.checkout.model import State
from shop.checkout.placing.operator_changes import OrderChange
from shop.commands.orders.change import change_order
from shop.database import create_engine
from shop.errors import OrderStateRefused
from shop.settings import Settings
from tests.chaos.attacks.attack import RUSH_SECONDS, Attack, Raid
from tests.chaos.attacks.buyer import Buyer, Form, Reply, Said
from tests.fixtures.price_list import price_list

VASES = 3
ACTS: tuple[State, ...] = ("cancelled", "cancelled", "shipped", "refunded")
TIDES = ("12.00", "10.00")
OPERATORS = 5
"""Each with connections of their own."""
BETWEEN_IMPORTS_SECONDS = 0.05
"""SQLite lets one in who writes, and not whoever waits longest."""
PATIENCE_SECONDS = 30.0


async def added_meanwhile(raid: Raid) -> None:
    """Everybody orders a cup, and puts vases into the cart at the same time: an order is for what it charges."""
    buyers = raid.buyers(raid.many)
    await asyncio.gather(*(buyer.adds("cup") for buyer in buyers))
    # Half of them order what their form shows, half of them what there is.
    forms = await asyncio.gather(*(b.opens_the_checkout() for b in buyers[::2]))
    shown = dict(zip(buyers[::2], forms, strict=True))

    async def adds(buyer: Buyer) -> None:
        for tab in raid.tabs(buyer, VASES):
            await tab.adds("vase")

    adding = asyncio.gather(*map(adds, buyers))
    replies = await raid.at_once(buyer.orders(shown.get(buyer)) for buyer in buyers)
    await adding
    made = {order.buyer.email: order for order in await raid.live()}
    for buyer, reply in zip(buyers, replies, strict=True):
        order, form = made.get(buyer.email), shown.get(buyer)
        raid.expects(bool(order) == (reply.said is Said.ORDERED), f"{reply.said.value}, and {order} was made")
        if order and form:
            raid.expects(order.quote.total.amount == form.total, f"{form} was shown, {order.quote.total} charged")
        await expect_all_there(raid, buyer, order.quote.wanted if order else {})


async def expect_all_there(raid: Raid, buyer: Buyer, ordered: Mapping[str, int]) -> None:
    """The cup and the vases are in the order or in the cart, once what was ordered has left it."""
    left = await buyer.looks_into_the_cart()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "cup" in ordered and "cup" in left:
            left = await buyer.looks_into_the_cart()
    whole = {sku: ordered.get(sku, 0) + left.get(sku, 0) for sku in ("cup", "vase")}
    raid.expects(whole == {"cup": 1, "vase": VASES}, f"ordered {ordered}, and in the cart are {left}")


async def price_changed(raid: Raid) -> None:
    """The price changes once, after everybody has opened the checkout: nobody orders before they have confirmed it."""
    async with tide(raid, "tidal-once") as turns:
        buyers = raid.buyers(raid.many)
        forms = await asyncio.gather(*(opens(buyer, "tidal-once") for buyer in buyers))
        await turns()
        async with asyncio.timeout(RUSH_SECONDS):
            replies = await asyncio.gather(*map(raid.decided, buyers, forms))
        told = [(buyer, reply) for buyer, reply in zip(buyers, replies, strict=True) if "before, now" in reply.words]
        raid.expects(len(told) == raid.many, f"{raid.many - len(told)} were not told that the price had changed")
        bought = await asyncio.gather(*(confirms(raid, buyer, reply.form) for buyer, reply in told))
    await expect_what_was_shown(raid, bought)


async def price_changes(raid: Raid) -> None:
    """The price goes up and down, until half of the shoppers have ordered: the others then come to their end too."""
    buyers = raid.buyers(raid.many)
    bought: list[tuple[int, Reply]] = []

    async def buys(buyer: Buyer, form: Form | None) -> None:
        bought.append(await confirms(raid, buyer, form))

    async with tide(raid, "tidal") as turns:
        forms = await asyncio.gather(*(opens(buyer, "tidal") for buyer in buyers))
        await turns()
        buying = asyncio.gather(*map(buys, buyers, forms))
        while len(bought) < raid.many / 2:
            await turns()
            await asyncio.sleep(BETWEEN_IMPORTS_SECONDS)
        await buying
    await expect_what_was_shown(raid, bought)


@asynccontextmanager
async def tide(raid: Raid, product: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """What changes the price of a product to the other one, by an import."""
    engine = create_engine(raid.stage.database_url)
    imports = CatalogImport(engine, "EUR", read_rates(""))
    files = [price_list(raid.stage.folder / f"{price}.csv", {product: (price, None)}) for price in TIDES]
    turn = cycle(files)

    async def turns() -> None:
        with next(turn).open("rb") as file:
            assert (await imports.run(file)).changed == 1

    try:
        yield turns
    finally:
        await engine.dispose()


async def opens(buyer: Buyer, product: str) -> Form | None:
    """Put a product into the cart and open the checkout."""
    await buyer.adds(product)
    return await buyer.opens_the_checkout()


async def confirms(raid: Raid, buyer: Buyer, form: Form | None) -> tuple[int, Reply]:
    """Order what a form shows, and again what it shows when it has come back; the total that was shown last."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        assert form is not None
        (reply,) = await raid.at_once([buyer.orders(form)])
        if reply.said in (Said.ORDERED, Said.BROKEN) or time.monotonic() > until:
            return form.total, reply
        form = reply.form or form


async def expect_what_was_shown(raid: Raid, bought: Iterable[tuple[int, Reply]]) -> None:
    """Everybody has ordered in the end, and for the total that was shown last."""
    totals = {order.number: order.quote.total.amount for order in await raid.live()}
    for shown, reply in bought:
        raid.expects(reply.said is Said.ORDERED, f"an order was answered {reply.said.value}: {reply.words}")
        raid.expects(totals.get(reply.number) == shown, f"{shown} was shown, {totals.get(reply.number)} charged")


async def cancelled_meanwhile(raid: Raid) -> None:
    """Operators cancel, ship and refund every order the moment it is firm, all of it at once."""
    buyers = raid.buyers(raid.many)
    await asyncio.gather(*(buyer.adds("cup") for buyer in buyers))
    with redirect_stdout(StringIO()):  # of the commands
        await asyncio.gather(meddle(raid), raid.at_once(buyer.orders() for buyer in buyers))
    ends = {order.state for order in await raid.audit.orders()}
    raid.expects(bool(ends & {"cancelled", "refunded"}), f"the orders are {ends}: nobody meddled with them")


async def meddle(raid: Raid) -> None:
    """Do everything to every order, some orders at a time."""
    settings = Settings(database_url=raid.stage.database_url)
    until, seen = time.monotonic() + PATIENCE_SECONDS, set[str]()

    async def operates(number: str, to: State) -> None:
        with suppress(OrderStateRefused):
            await change_order(settings, number, OrderChange(to=to, restock=to == "cancelled"), yes=True)

    while len(seen) < raid.many and time.monotonic() < until:
        firm = [order.number for order in await raid.audit.orders() if order.firm and order.number not in seen]
        await asyncio.gather(*(operates(number, to) for number in firm[:OPERATORS] for to in ACTS))
        seen.update(firm[:OPERATORS])
        await asyncio.sleep(0.005)


ATTACKS = (
    Attack("adds", "added to the cart while it is ordered", added_meanwhile, many=100, few=20),
    Attack("stale", "a price changed after it was shown", price_changed, many=100, few=20),
    Attack("price", "prices change while it is ordered", price_changes, many=40, few=10),
    Attack("cancel", "cancelled, shipped, refunded while paying", cancelled_meanwhile, many=60, few=12),
)

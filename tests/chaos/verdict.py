"""What came of a scene: the carts in the stores and at the shops, and the orders, held to what the shoppers know."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from shop.cart.model import Cart
from shop.checkout.model import Order
from shop.checkout.placing.orders import READ, order_of
from shop.checkout.schema import orders
from shop.database import create_engine, fetch
from shop.errors import StoreUnavailable
from shop.loadtest.shoppers.history import Lines, Verdict, saved
from shop.web.http.session import cart_id
from tests.chaos.browser import Tab
from tests.chaos.load import Crowd, Door
from tests.chaos.shopper import Visit
from tests.chaos.stage import Stage
from tests.fixtures.shop_process import metrics_ports

SETTLING_SECONDS = 20.0
"""How long after a fault the store may take until it has everything."""
ASKING = 4
"""How often each process is asked, on average: which one answers is chance."""


async def verdict(stage: Stage, crowd: Crowd) -> Verdict:
    """Compare every cart with what its shopper knows, in the store itself and then through the shop; and the orders."""
    found = Verdict()
    for url in stage.store_urls:
        for one in await _stored(stage, url, crowd.visits):
            found.add(one)
    for shopper in crowd.shoppers:
        await shopper.looks_again()
    for visit in crowd.visits:
        found.add(visit.history.verdict)
    found.add(await _ordered(stage, crowd))
    return found


async def _stored(stage: Stage, url: str, visits: Sequence[Visit]) -> list[Verdict]:
    """What is wrong in a store, once nothing is, or when it has had time enough to be brought in order."""
    deadline = time.monotonic() + SETTLING_SECONDS
    ids = [cart_id(visit.session) for visit in visits]
    kind = url.partition(":")[0]
    while True:
        carts = await _read(stage, url, ids, deadline)
        verdicts = [
            visit.history.ends(lines_in(cart), f"{kind}, cart {cart.id}")
            for visit, cart in zip(visits, carts, strict=True)
        ]
        if not any(verdict.amiss for verdict in verdicts) or time.monotonic() > deadline:
            return verdicts
        await asyncio.sleep(0.1)


async def _read(stage: Stage, url: str, ids: Sequence[str], deadline: float) -> list[Cart]:
    """The carts in a store, as soon as it can be read: a machine that is busy may not be the store's fault."""
    while True:
        try:
            return await stage.read(url, ids)
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


def lines_in(cart: Cart) -> Lines:
    """A cart's lines, as a history has them."""
    return {saved(line.sku) if line.saved else line.sku: line.quantity for line in cart.lines}


async def _ordered(stage: Stage, crowd: Crowd) -> Verdict:
    """Hold the orders to what was accepted: each is there once, with what was in the cart, and no other is."""
    expected = {email: order for shopper in crowd.shoppers for email, order in shopper.orders.items()}
    there: defaultdict[str, list[Order]] = defaultdict(list)
    for order in await _orders(stage, list(expected)):
        there[order.buyer.email].append(order)
    found = Verdict()
    for email, (lines, accepted) in expected.items():
        pieces = Counter[str]()
        for order in there[email]:
            pieces.update({line.sku: line.quantity for line in order.quote.lines})
        wanted = Counter(lines) if accepted or there[email] else Counter[str]()
        if pieces != wanted:
            words = f"{len(there[email])} orders of {email}: {dict(pieces)} instead of {dict(wanted)}"
            found.add(Verdict((wanted - pieces).total(), (pieces - wanted).total(), [words]))
    return found


async def _orders(stage: Stage, emails: Sequence[str]) -> list[Order]:
    """The orders with these addresses that did not fail."""
    if not emails:
        return []
    engine = create_engine(stage.database_url)
    try:
        rows = await fetch(engine, select(*READ).where(orders.c.email.in_(emails), orders.c.state != "failed"))
        return [order_of(row) for row in rows]
    finally:
        await engine.dispose()


async def recovered(*doors: Door, processes: int = 1) -> None:
    """Wait until every process says that no standby is in charge and no change waits for the store."""
    async with asyncio.timeout(SETTLING_SECONDS):
        for host, port in doors:
            good = 0
            while good < (1 if processes == 1 else ASKING * processes):
                away = await metric(port, "shop_cart_standby_in_charge", host)
                waits = away or await metric(port, "shop_cart_changes_waiting", host)
                good = 0 if waits else good + 1
                await asyncio.sleep(0.05 if waits else 0)


async def metric(port: int, name: str, host: str = "127.0.0.1") -> float:
    """A number of the metrics of a shop's processes together. Raises NoAnswer."""
    tab = Tab(metrics_ports[port], {}, host)
    try:
        lines = (await tab.get("/metrics")).body.decode().splitlines()
    finally:
        tab.close()
    return float(next(line.split()[-1] for line in lines if line.startswith(name + " ")))

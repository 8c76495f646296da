"""Attacks on the stock: more shoppers than pieces, and orders that want the same things in different order."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from itertools import count

from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.exchange_rates import read_rates
from shop.catalog.writing.importing import CatalogImport
from shop.database import create_engine
from shop.errors import StoreUnavailable
from tests.chaos.attacks.attack import Attack, Raid
from tests.chaos.attacks.buyer import CHALLENGED, DECLINED, Said
from tests.chaos.attacks.shops import CROSSED, EDITED, LAST, WANTED

NOTHING = "Nothing was ordered or charged"
EXPORT = (
    "Handle,Title,Vendor,SKU,Price,Inventory tracker,Inventory quantity,"
    "On hand at export (variant.metafields.shop.on_hand)\n"
    f"edited,Edited,Maker {{}},edited,20.00,shopify,{EDITED},{EDITED}\n"
)
PAGES_SECONDS = 10
CROSSINGS = (("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a"))


async def last_pieces(raid: Raid) -> None:
    """Everybody has one of the last pieces in the cart, and everybody orders."""
    buyers = raid.buyers(raid.many)
    added = await asyncio.gather(*(buyer.adds("last-piece") for buyer in buyers))
    raid.expects(all(added), "not everybody had the last piece in the cart")
    await raid.until_decided(buyers)
    all_sold(raid, LAST)
    silent = [reply for reply in raid.replies if reply.said is Said.TOLD and NOTHING not in reply.words]
    raid.expects(not silent, f"{len(silent)} were not told that nothing was charged")


async def reserve_everything(raid: Raid) -> None:
    """Many want all there is and never pay: they open the checkout, are declined, or stay away from their bank."""
    greedy = raid.buyers(raid.many)
    await asyncio.gather(*(buyer.adds("wanted-by-all", quantity=WANTED) for buyer in greedy))
    await asyncio.gather(*(buyer.opens_the_checkout() for buyer in greedy))
    cards = [(DECLINED, CHALLENGED)[number % 2] for number in range(raid.many)]
    replies = await raid.at_once(buyer.orders(card=card) for buyer, card in zip(greedy, cards, strict=True))
    honest = raid.buyer("honest")
    async with asyncio.timeout(PAGES_SECONDS):  # pages show a moment later what is on sale again
        while not await honest.adds("wanted-by-all"):
            await asyncio.sleep(0.1)
    bought = await honest.orders()
    raid.expects(bought.said is Said.ORDERED, f"nothing was left on sale: {bought.words}")
    waiting = [(buyer, reply.page) for buyer, reply in zip(greedy, replies, strict=True) if reply.said is Said.ORDERED]
    await asyncio.gather(*(buyer.refuses(page) for buyer, page in waiting))


async def import_while_selling(raid: Raid) -> None:
    """Everybody orders one of the last units while a file that was exported before is imported, edited."""
    engine = create_engine(raid.stage.database_url)
    buyers = raid.buyers(raid.many)
    await asyncio.gather(*(buyer.adds("edited") for buyer in buyers))
    done = asyncio.Event()
    importing = asyncio.create_task(_import_until(done, engine))
    await raid.until_decided(buyers)
    done.set()
    imports = await importing
    await engine.dispose()
    raid.expects(imports > 0, "nothing was imported meanwhile")
    all_sold(raid, EDITED)


async def _import_until(done: asyncio.Event, engine: AsyncEngine) -> int:
    """Import again and again, each time with another vendor, and every other time with the stock of the export."""
    for number in count():
        file = io.BytesIO(EXPORT.format(number).encode())
        catalog_import = CatalogImport(engine, "EUR", read_rates(""), stock=bool(number % 2))
        with suppress(StoreUnavailable):  # SQLite has one writer at a time
            await catalog_import.run(io.BufferedReader(file))
        if done.is_set():
            return number
    raise AssertionError


async def crossing_orders(raid: Raid) -> None:
    """Orders of the same three things, each begun from another: two that wait for each other would be a deadlock."""
    buyers = raid.buyers(raid.many)
    ways = [tuple(f"crossed-{one}" for one in CROSSINGS[n % len(CROSSINGS)]) for n in range(raid.many)]
    await asyncio.gather(*(buyer.adds(*way) for buyer, way in zip(buyers, ways, strict=True)))
    await raid.until_decided(buyers)
    all_sold(raid, CROSSED)


def all_sold(raid: Raid, pieces: int) -> None:
    """Every piece is ordered, and everybody else was told so."""
    sold, told = raid.count(Said.ORDERED), raid.count(Said.TOLD)
    raid.expects(sold == pieces, f"{sold} orders for {pieces} pieces")
    raid.expects(told == raid.many - pieces, f"{told} of {raid.many - pieces} were told")


ATTACKS = (
    Attack("last", "the last 10 pieces", last_pieces),
    Attack("reserve", "all there is, never paid for", reserve_everything),
    Attack("import", "the last 30 units, during imports", import_while_selling),
    Attack("crossing", "three things, in three orders", crossing_orders, few=60),
)

"""Reads the shop's own books, past the shop: its orders, its payment provider's ledger, its stock."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import func, make_url, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.schema import reservations, variants
from shop.checkout.model import Order
from shop.checkout.placing.orders import READ, order_of
from shop.checkout.schema import demo_payments, orders
from shop.database import create_engine, fetch
from shop.errors import ConfigurationError, StoreUnavailable
from shop.loadtest.checks import (
    NO_ORDER,
    Check,
    Ledger,
    Stock,
    charges_check,
    not_checked,
    orders_check,
    stock_check,
    totals_check,
)
from shop.loadtest.plan import Plan
from shop.loadtest.tally import Attempt
from shop.settings import Settings

LOOK_SECONDS = 0.1
"""Between two looks at whether all orders are settled."""
OTHERS_SECONDS = 60
"""Orders this much older than the run are looked at too: one that fails meanwhile gives its pieces back."""


class ShopRecords:
    """The database of the shop that is tested, if it is the one that the settings name."""

    def __init__(self, engine: AsyncEngine, settle_seconds: float) -> None:
        self._engine = engine
        self._settle_seconds = settle_seconds
        self._lowest: int | None = None
        self._looks = 0

    async def open(self) -> None:
        """Write down what is there before the run. Raises ConfigurationError and StoreUnavailable."""
        self._begun = int(time.time())
        self._before = await self._stock()

    async def look(self) -> None:
        """Look at the stock while shoppers shop."""
        with suppress(StoreUnavailable):  # a database that is away for a while may be part of the test
            (row,) = await fetch(self._engine, select(func.min(variants.c.stock).label("lowest")))
            self._looks += 1
            self._lowest = min((stock for stock in (self._lowest, row.lowest) if stock is not None), default=None)

    async def close(self, plan: Plan, attempts: Sequence[Attempt]) -> list[Check]:
        """Wait until all orders of the run are settled, or should be, and hold everything against everything."""
        mine = await self._settled(plan)
        accepted = [attempt for attempt in attempts if attempt.answer == "placed"]
        if accepted and not mine:
            return not_checked("DATABASE_URL is not this shop's database: it has none of the orders.")
        if not accepted:
            return not_checked(NO_ORDER)
        await self.look()
        return [
            orders_check(attempts, mine),
            charges_check(mine, await self._ledger(), await self._strangers()),
            totals_check(mine),
            stock_check(self._before, await self._stock(), self._lowest, self._looks),
        ]

    async def dispose(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    async def _settled(self, plan: Plan) -> list[Order]:
        """The orders of a run, all settled if that happens in time."""
        pattern = orders.c.email.startswith(f"{plan.run}-", autoescape=True)
        until = time.monotonic() + self._settle_seconds
        while True:
            mine = [
                order_of(row)
                for row in await fetch(self._engine, select(*READ).where(orders.c.created_at >= self._begun, pattern))
            ]
            if all(order.settled for order in mine) or time.monotonic() > until:
                return mine
            await asyncio.sleep(LOOK_SECONDS)

    async def _ledger(self) -> Ledger:
        """What the demonstration's provider has done since the run began."""
        done: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        for row in await fetch(self._engine, select(demo_payments).where(demo_payments.c.at >= self._begun)):
            done[row.key][row.kind] = row.amount, row.currency
        return done

    async def _strangers(self) -> list[str]:
        """The keys of charges of which there is no order."""
        strange = select(demo_payments.c.key).where(
            demo_payments.c.at >= self._begun,
            demo_payments.c.kind == "captured",
            ~select(orders.c.number).where(orders.c.number == demo_payments.c.key).exists(),
        )
        return [row.key for row in await fetch(self._engine, strange)]

    async def _stock(self) -> Stock:
        # One statement, so that a reservation that ends meanwhile is counted once.
        aside = select(func.coalesce(func.sum(reservations.c.quantity), 0)).where(reservations.c.sku == variants.c.sku)
        pieces = select(variants.c.sku, (variants.c.stock + aside.scalar_subquery()).label("pieces"))
        limited = pieces.where(variants.c.stock.is_not(None))
        shelves = {row.sku: int(row.pieces) for row in await fetch(self._engine, limited)}
        latest = select(*READ).where(orders.c.created_at >= self._begun - OTHERS_SECONDS)
        return Stock(shelves, [order_of(row) for row in await fetch(self._engine, latest)])


async def open_books(settings: Settings) -> ShopRecords | str:
    """The books of the shop that these settings name, open; why not, where they cannot be read."""
    if (file := _missing_file(settings.database_url)) is not None:
        return f"DATABASE_URL: there is no database at {file}."
    books = ShopRecords(create_engine(settings.database_url), settle_seconds=3 * settings.payment_seconds + 5)
    try:
        await books.open()
    except (ConfigurationError, StoreUnavailable) as error:
        await books.dispose()
        return str(error)
    return books


def _missing_file(url: str) -> Path | None:
    """The file of a SQLite database that is not there: looking for it would make it."""
    file = Path(make_url(url).database or "") if url.startswith("sqlite") else None
    return file if file and not file.is_file() else None

"""Reads the shop's records directly from its database: orders, the demo payment provider's ledger, stock."""

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

POLL_SECONDS = 0.1
"""Interval of the poll for unsettled orders."""
EARLIER_ORDERS_SECONDS = 60
"""Orders up to this much older than the run are included: one that fails during the run returns its items to stock."""


class ShopRecords:
    """The records of the tested shop, if DATABASE_URL is its database. Made by `open_records`."""

    def __init__(self, engine: AsyncEngine, settle_seconds: float) -> None:
        self._engine = engine
        self._settle_seconds = settle_seconds
        self._lowest: int | None = None
        self._samples = 0

    async def open(self) -> None:
        """Record the stock before the run. Raises ConfigurationError and StoreUnavailable."""
        self._begun = int(time.time())
        self._before = await self._stock()

    async def sample_stock(self) -> None:
        """Sample the lowest stock during the run."""
        with suppress(StoreUnavailable):  # a database outage may be part of the test
            (row,) = await fetch(self._engine, select(func.min(variants.c.stock).label("lowest")))
            self._samples += 1
            self._lowest = min((stock for stock in (self._lowest, row.lowest) if stock is not None), default=None)

    async def close(self, plan: Plan, attempts: Sequence[Attempt]) -> list[Check]:
        """Wait until all orders of the run are settled, or a timeout, and run every check on the records."""
        run_orders = await self._settled(plan)
        accepted = [attempt for attempt in attempts if attempt.answer == "placed"]
        if accepted and not run_orders:
            return not_checked("DATABASE_URL is not the database of this shop: it has none of the orders.")
        if not accepted:
            return not_checked(NO_ORDER)
        await self.sample_stock()
        return [
            orders_check(attempts, run_orders),
            charges_check(run_orders, await self._ledger(), await self._charges_without_order()),
            totals_check(run_orders),
            stock_check(self._before, await self._stock(), self._lowest, self._samples),
        ]

    async def dispose(self) -> None:
        """Close the connections to the database."""
        await self._engine.dispose()

    async def _settled(self, plan: Plan) -> list[Order]:
        """The orders of a run; all are settled unless the timeout expires first."""
        pattern = orders.c.email.startswith(f"{plan.run}-", autoescape=True)
        until = time.monotonic() + self._settle_seconds
        while True:
            run_orders = [
                order_of(row)
                for row in await fetch(self._engine, select(*READ).where(orders.c.created_at >= self._begun, pattern))
            ]
            if all(order.settled for order in run_orders) or time.monotonic() > until:
                return run_orders
            await asyncio.sleep(POLL_SECONDS)

    async def _ledger(self) -> Ledger:
        """The entries of the demo payment provider since the run began."""
        done: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        for row in await fetch(self._engine, select(demo_payments).where(demo_payments.c.at >= self._begun)):
            done[row.key][row.kind] = row.amount, row.currency
        return done

    async def _charges_without_order(self) -> list[str]:
        """The keys of charges without an order."""
        statement = select(demo_payments.c.key).where(
            demo_payments.c.at >= self._begun,
            demo_payments.c.kind == "captured",
            ~select(orders.c.number).where(orders.c.number == demo_payments.c.key).exists(),
        )
        return [row.key for row in await fetch(self._engine, statement)]

    async def _stock(self) -> Stock:
        # One statement, so that a reservation that ends at the same time is counted once.
        reserved = select(func.coalesce(func.sum(reservations.c.quantity), 0)).where(
            reservations.c.sku == variants.c.sku, ~reservations.c.committed
        )
        units = select(variants.c.sku, (variants.c.stock + reserved.scalar_subquery()).label("units"))
        limited = units.where(variants.c.stock.is_not(None))
        stock = {row.sku: int(row.units) for row in await fetch(self._engine, limited)}
        latest = select(*READ).where(orders.c.created_at >= self._begun - EARLIER_ORDERS_SECONDS)
        return Stock(stock, [order_of(row) for row in await fetch(self._engine, latest)])


async def open_records(settings: Settings) -> ShopRecords | str:
    """Open the records in these settings' database. Returns the reason as text if they cannot be read."""
    if (file := _missing_file(settings.database_url)) is not None:
        return f"DATABASE_URL: the database {file} does not exist."
    records = ShopRecords(create_engine(settings.database_url), settle_seconds=3 * settings.payment_seconds + 5)
    try:
        await records.open()
    except (ConfigurationError, StoreUnavailable) as error:
        await records.dispose()
        return str(error)
    return records


def _missing_file(url: str) -> Path | None:
    """The SQLite file, if it is missing: opening it would create it."""
    file = Path(make_url(url).database or "") if url.startswith("sqlite") else None
    return file if file and not file.is_file() else None

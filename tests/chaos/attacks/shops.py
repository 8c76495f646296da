"""The shops that are attacked, and what they sell."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from shop.catalog.exchange_rates import read_rates
from shop.catalog.writing.importing import CatalogImport
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.totals import CouponTerms
from shop.database import create_engine, migrate
from shop.money import Money
from tests.chaos.rows.database import RedisAndPostgres
from tests.chaos.stage import Stage
from tests.fixtures.price_list import Goods, price_list

LAST, WANTED, EDITED, CROSSED = 10, 10, 30, 30
"""Pieces there are of what is bought out."""
GOODS: Goods = {
    "last-piece": ("20.00", LAST),
    "wanted-by-all": ("20.00", WANTED),
    "edited": ("20.00", EDITED),
    "crossed-a": ("5.00", CROSSED),
    "crossed-b": ("6.00", CROSSED),
    "crossed-c": ("7.00", CROSSED),
    "cup": ("9.00", 5000),
    "vase": ("39.00", 5000),
    "tidal": ("10.00", None),
    "tidal-once": ("10.00", None),
}
COUPONS = (
    Coupon("FEW-USES", CouponTerms(percent=1000), max_uses=7),
    Coupon("ONCE-EACH", CouponTerms(amount=Money(500, "EUR"), per_shopper=1)),
)


class AttackedShop(Stage):
    """A shop with goods that run out."""

    def stock(self) -> None:
        """The goods and the coupons."""
        asyncio.run(self._stock())

    async def _stock(self) -> None:
        await migrate(self.database_url)
        engine, rates = create_engine(self.database_url), read_rates("")
        try:
            with price_list(self.folder / "goods.csv", GOODS).open("rb") as file:
                await CatalogImport(engine, "EUR", rates).run(file)
            await Coupons(engine, rates).add(COUPONS)
        finally:
            await engine.dispose()


class OneOnSqlite(AttackedShop):
    """SQLite, one process"""

    @property
    def url(self) -> str:
        return ""

    def open_servers(self) -> None:
        """It needs none: its carts are in its memory."""

    def close_servers(self) -> None:
        """There are none."""


class TwoOnPostgres(AttackedShop, RedisAndPostgres):
    """PostgreSQL, two processes"""

    settings: ClassVar[dict[str, str]] = {"WORKERS": "2"}


STAGES = (OneOnSqlite, TwoOnPostgres)

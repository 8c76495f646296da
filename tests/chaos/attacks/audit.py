"""Holds a shop's database against the invariants, past the shop: every piece, every use of a coupon, every cent."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.schema import reservations, variants
from shop.checkout.model import Order
from shop.checkout.placing.orders import READ, order_of
from shop.checkout.pricing.coupons import shopper_digest
from shop.checkout.pricing.totals import CouponTerms
from shop.checkout.schema import coupon_shoppers, coupons, demo_payments, outbox
from shop.database import fetch
from shop.errors import StoreUnavailable
from shop.loadtest.checks import Ledger, Stock, charges_check, stock_check, totals_check

SETTLING_SECONDS = 30.0
LOOK_SECONDS = 0.05


class Audit:
    """The books of a shop for as long as the block lasts; it watches the stock meanwhile. `secret`: its SECRET_KEY."""

    def __init__(self, engine: AsyncEngine, secret: str = "") -> None:
        self._engine = engine
        self._secret = secret
        self._lowest: int | None = None
        self._looks = 0
        self._open = True

    async def __aenter__(self) -> Audit:
        self._before = await self._stock()
        self._known = {order.number for order in self._before.orders}
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await self._watching

    async def violations(self) -> list[str]:
        """All that is wrong, in words, once every order is settled."""
        await self.settled()
        await self._look()
        made, ledger = await self.orders(), await self._ledger()
        strangers = sorted(ledger.keys() - self._known - {order.number for order in made})
        checks = (
            stock_check(self._before, await self._stock(), self._lowest, self._looks),
            charges_check(made, ledger, strangers),
            totals_check(made),
        )
        wrong = [words for check in checks for words in check.wrong]
        return [*wrong, *await self._coupons(), *_wrong_letters(made, await self._letters())]

    async def orders(self) -> list[Order]:
        """The orders that were made since it was opened, in whatever state."""
        return [order for order in await self._every_order() if order.number not in self._known]

    async def _watch(self) -> None:
        while self._open:
            with suppress(StoreUnavailable):  # it may be what a test takes away
                await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        (row,) = await fetch(self._engine, select(func.min(variants.c.stock).label("stock")))
        self._lowest = min((stock for stock in (self._lowest, row.stock) if stock is not None), default=None)
        self._looks += 1

    async def settled(self) -> None:
        """Wait until every order is. An AssertionError: that takes too long."""
        until = time.monotonic() + SETTLING_SECONDS
        while still := [order for order in await self.orders() if not order.settled]:
            states = dict(Counter(order.state for order in still))
            assert time.monotonic() < until, f"after {SETTLING_SECONDS:.0f} s these orders are not settled: {states}"
            await asyncio.sleep(LOOK_SECONDS)

    async def _every_order(self) -> list[Order]:
        return [order_of(row) for row in await fetch(self._engine, select(*READ))]

    async def _stock(self) -> Stock:
        aside = select(func.coalesce(func.sum(reservations.c.quantity), 0)).where(
            reservations.c.sku == variants.c.sku, ~reservations.c.committed
        )
        pieces = select(variants.c.sku, (variants.c.stock + aside.scalar_subquery()).label("pieces"))
        rows = await fetch(self._engine, pieces.where(variants.c.stock.is_not(None)))
        return Stock({row.sku: int(row.pieces) for row in rows}, await self._every_order())

    async def _ledger(self) -> Ledger:
        done: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        for row in await fetch(self._engine, select(demo_payments)):
            done[row.key][row.kind] = row.amount, row.currency
        return done

    async def _letters(self) -> set[str]:
        return {row.id for row in await fetch(self._engine, select(outbox.c.id))}

    async def _coupons(self) -> list[str]:
        used = [order for order in await self._every_order() if order.quote.coupon and order.state != "failed"]
        counted = {row.code: row for row in await fetch(self._engine, select(coupons))}
        by_shopper = {(row.code, row.shopper): row.uses for row in await fetch(self._engine, select(coupon_shoppers))}
        uses = {code: (row.uses, row.max_uses) for code, row in counted.items()}
        terms = {code: msgspec.json.decode(row.terms, type=CouponTerms) for code, row in counted.items()}
        return [*_wrong_uses(used, uses), *_wrong_shoppers(used, by_shopper, terms, self._secret)]


def _wrong_uses(used: Sequence[Order], uses: Mapping[str, tuple[int, int | None]]) -> Iterator[str]:
    """Where a coupon was used more often than allowed, or counted otherwise than used."""
    orders_of = Counter(order.quote.coupon for order in used)
    for code, (counted, most) in uses.items():
        if orders_of[code] != counted:
            yield f"Coupon {code} is in {orders_of[code]} orders, and counted {counted} times."
        if most is not None and orders_of[code] > most:
            yield f"Coupon {code} is in {orders_of[code]} orders, of {most} that may have it."


def _wrong_shoppers(
    used: Sequence[Order], counted: Mapping[tuple[str, str], int], terms: Mapping[str, CouponTerms], secret: str
) -> Iterator[str]:
    """The same for each shopper of a coupon."""
    orders_of = Counter((order.quote.coupon, shopper_digest(order.buyer.email, secret)) for order in used)
    for (code, _), count in orders_of.items():
        most = terms[code].per_shopper
        if most is not None and count > most:
            yield f"Coupon {code} is in {count} orders of one shopper, of {most} that may have it."
    for (code, shopper), count in counted.items():
        if orders_of[code, shopper] != count:
            yield f"Coupon {code} is in {orders_of[code, shopper]} orders of a shopper, and counted {count} times."


def _wrong_letters(made: Sequence[Order], letters: set[str]) -> Iterator[str]:
    """Every order that became firm has its confirmation, and no other has one."""
    for order in made:
        if order.firm != (f"placed:{order.number}" in letters):
            yield f"Order {order.number} is {order.state}, and {'has no' if order.firm else 'has a'} confirmation."

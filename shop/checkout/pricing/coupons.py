"""Coupons: looked up while a cart is shown, used by the transaction that places an order.

A use is counted by conditional updates, so that no coupon is spent more often than allowed, whatever runs in parallel:
the database lets one transaction at a time past each row, and the loser sees the winner's count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.cart.model import COUPON
from shop.checkout.pricing.totals import CouponTerms
from shop.checkout.schema import coupon_shoppers, coupons
from shop.database import fetch, insert_into, writing
from shop.errors import CouponRefused
from shop.formatting import day_of
from shop.lru import Lru
from shop.money import Money, Rates

KEPT_SECONDS = 2.0
"""For how long a look-up is kept in memory."""
KEPT = 1024
DEMO = Path(__file__).with_name("demo_coupons.json")
"""The coupons that an empty shop opens with."""


class Coupon(msgspec.Struct, frozen=True):
    """A coupon as it is kept; `uses` counts the orders that have it and did not fail."""

    code: str
    terms: CouponTerms
    uses: int = 0
    max_uses: int | None = None


def as_code(text: str) -> str:
    """What somebody typed as a coupon's code: capitals, digits and hyphens, at most 32; '' where it can be none."""
    code = text.strip().upper()
    return code if COUPON.fullmatch(code) else ""


def shopper_of(email: str) -> str:
    """Whom the uses of a coupon are counted for: a digest of an e-mail address, letter case aside."""
    return blake2b(email.strip().casefold().encode(), digest_size=32).hexdigest()


class Coupons:
    """The coupons of a database. `rates` convert their amounts; `clock` counts seconds."""

    def __init__(self, engine: AsyncEngine, rates: Rates, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._rates = rates
        self._clock = clock
        self._kept = Lru[tuple[float, Coupon | None]](KEPT)

    async def find(self, code: str) -> Coupon | None:
        """The coupon of a code, at most KEPT_SECONDS old; None where there is none. May raise StoreUnavailable."""
        kept = self._kept.get(code)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        rows = await fetch(self._engine, select(coupons).where(coupons.c.code == code)) if as_code(code) == code else ()
        found = _coupon(rows[0]) if rows else None
        self._kept.put(code, (self._clock() + KEPT_SECONDS, found))
        return found

    async def check(self, code: str, subtotal: Money, now: int) -> CouponTerms:
        """What a coupon gives to goods of this worth at `now` (seconds since the epoch); its code as somebody typed it.

        Whether a shopper has used it before only `use` knows. Raises CouponRefused in words, and StoreUnavailable.
        """
        coupon = await self.find(as_code(code)) if as_code(code) else None
        if coupon is None:
            raise CouponRefused("There is no coupon “{code}”. Please check how it is written.", code=code.strip()[:32])
        self._refuse(coupon, subtotal, now)
        return coupon.terms

    def _refuse(self, coupon: Coupon, subtotal: Money, now: int) -> None:
        code, terms = coupon.code, coupon.terms
        if now < terms.starts:
            raise CouponRefused("The coupon {code} counts from {day}.", code=code, day=day_of(terms.starts))
        if terms.ends is not None and now >= terms.ends:
            raise CouponRefused("The coupon {code} ended on {day}.", code=code, day=day_of(terms.ends - 1))
        if coupon.max_uses is not None and coupon.uses >= coupon.max_uses:
            raise _used_up(code)
        if any(m and not self._knows(m, subtotal.currency) for m in (terms.amount, terms.minimum)):
            raise CouponRefused(
                "The coupon {code} cannot be used with prices in {currency}.", code=code, currency=subtotal.currency
            )
        if terms.minimum is not None:
            minimum = self._rates.convert(terms.minimum, subtotal.currency)
            if subtotal.amount < minimum.amount:
                raise CouponRefused(
                    "The coupon {code} counts from {minimum} on: {more} more.",
                    code=code,
                    minimum=minimum.format(),
                    more=Money(minimum.amount - subtotal.amount, minimum.currency).format(),
                )

    def _knows(self, money: Money, currency: str) -> bool:
        return money.currency == currency or {money.currency, currency} <= self._rates.per_base.keys()

    async def use(self, connection: AsyncConnection, code: str, email: str) -> None:
        """Count a use by the shopper of an e-mail address, in the caller's transaction: two statements.

        Raises CouponRefused where the coupon is used up or this shopper has had it, and then the transaction must be
        rolled back. Whether the coupon has begun and not ended is for `check`.
        """
        count = update(coupons).where(coupons.c.code == code)
        count = count.where(or_(coupons.c.max_uses.is_(None), coupons.c.uses < coupons.c.max_uses))
        row = (await connection.execute(count.values(uses=coupons.c.uses + 1).returning(coupons.c.terms))).first()
        if row is None:
            raise _used_up(code)
        insert = insert_into(connection, coupon_shoppers).values(code=code, shopper=shopper_of(email), uses=1)
        most = _terms(row).per_shopper
        once_more = insert.on_conflict_do_update(
            index_elements=["code", "shopper"],
            set_={"uses": coupon_shoppers.c.uses + 1},
            where=None if most is None else coupon_shoppers.c.uses < most,
        )
        if (await connection.execute(once_more.returning(coupon_shoppers.c.uses))).first() is None:
            raise CouponRefused("The coupon {code} has already been used with this e-mail address.", code=code)

    async def give_back(self, connection: AsyncConnection, code: str, email: str) -> None:
        """Take a use back, in the transaction in which its order fails."""
        one = coupons.c.uses > 0
        await connection.execute(update(coupons).where(coupons.c.code == code, one).values(uses=coupons.c.uses - 1))
        own = (coupon_shoppers.c.code == code, coupon_shoppers.c.shopper == shopper_of(email))
        fewer = update(coupon_shoppers).where(*own, coupon_shoppers.c.uses > 0)
        await connection.execute(fewer.values(uses=coupon_shoppers.c.uses - 1))

    async def all(self) -> list[Coupon]:
        """Every coupon, by code."""
        return [_coupon(row) for row in await fetch(self._engine, select(coupons).order_by(coupons.c.code))]

    async def add(self, new: Iterable[Coupon]) -> list[str]:
        """Add coupons whose codes are free, with no uses yet; the codes that were added."""
        async with writing(self._engine) as connection:
            insert = insert_into(connection, coupons).on_conflict_do_nothing().returning(coupons.c.code)
            added = [await connection.scalar(insert.values(_columns(coupon))) for coupon in new]
        return [code for code in added if code]

    async def end(self, code: str, now: int) -> bool:
        """Let a coupon end now, unless it has ended before; False where there is no such coupon."""
        async with writing(self._engine) as connection:
            chosen = select(coupons).where(coupons.c.code == code).with_for_update()
            row = (await connection.execute(chosen)).first()
            if row is None:
                return False
            terms = _terms(row)
            ended = msgspec.structs.replace(terms, ends=now if terms.ends is None else min(now, terms.ends))
            await connection.execute(update(coupons).where(coupons.c.code == code).values(terms=_json(ended)))
            return True


def demo_coupons() -> list[Coupon]:
    """The coupons that an empty shop opens with; docs/costs.md tells what they are for."""
    return msgspec.json.decode(DEMO.read_bytes(), type=list[Coupon])


def _used_up(code: str) -> CouponRefused:
    return CouponRefused("The coupon {code} has been used up.", code=code)


def _terms(row: Row[Any]) -> CouponTerms:
    return msgspec.json.decode(row.terms, type=CouponTerms)


def _coupon(row: Row[Any]) -> Coupon:
    return Coupon(row.code, _terms(row), row.uses, row.max_uses)


def _columns(coupon: Coupon) -> dict[str, Any]:
    return {"code": coupon.code, "terms": _json(coupon.terms), "uses": 0, "max_uses": coupon.max_uses}


def _json(terms: CouponTerms) -> str:
    return msgspec.json.encode(terms).decode()

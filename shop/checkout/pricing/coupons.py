"""Coupons: looked up while a cart is shown, used by the transaction that places an order.

A use is counted by conditional updates, so that concurrent orders never exceed a coupon's limit: the database admits
one transaction at a time to each row, and the next one sees the new count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.cart.model import COUPON
from shop.checkout.pricing.discounts import Goods, is_for, is_met
from shop.checkout.pricing.totals import CouponTerms
from shop.checkout.schema import AUTOMATIC, coupon_shoppers, coupons, orders
from shop.database import fetch, insert_into, writing
from shop.errors import ConfigurationError, CouponRefused, StoreUnavailable
from shop.formatting import day_of
from shop.lru import Lru
from shop.money import Money, Rates
from shop.typed import one_form

CACHE_SECONDS = 2.0
"""How long a look-up is cached."""
RETRY_SECONDS = 10.0
CACHE_SIZE = 1024
_PURPOSE = b"coupon shoppers"
DEMO = Path(__file__).with_name("demo_coupons.json")
"""The coupons that are loaded into an empty shop."""


class Coupon(msgspec.Struct, frozen=True):
    """A stored coupon; `uses` counts the orders with it that did not fail. An automatic one is not limited."""

    code: str
    terms: CouponTerms
    uses: int = 0
    max_uses: int | None = None


def coupon_code(text: str) -> str:
    """The normalised code in what was typed: at most 32 capitals, digits and hyphens; '' if it cannot be a code."""
    code = one_form(text).replace(" ", "").upper()
    return code if COUPON.fullmatch(code) else ""


def shopper_digest(email: str, key: str = "") -> str:
    """What counts a shopper's uses of a coupon: a digest of the e-mail address (in its normal form).

    Without the key (SECRET_KEY) nobody can try known addresses against it.
    """
    secret = blake2b(key.encode(), person=_PURPOSE, digest_size=32).digest() if key else b""
    return blake2b(email.strip().lower().encode(), digest_size=32, key=secret).hexdigest()


class Coupons:
    """Reads and writes the coupons of a database.

    `rates` converts their amounts; `clock` returns seconds; `key` is SECRET_KEY, '' for none; `zone` is that of their
    days. shop.parts makes one; quotes, the steps of orders and `shop coupons` use it.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        rates: Rates,
        clock: Callable[[], float] = time.monotonic,
        *,
        key: str = "",
        zone: tzinfo = UTC,
    ) -> None:
        self._engine = engine
        self._rates = rates
        self._key = key
        self._zone = zone
        self._clock = clock
        self._cache = Lru[tuple[float, Coupon | None]](CACHE_SIZE)
        self._automatic: tuple[float, tuple[Coupon, ...]] = (0.0, ())
        """When to look them up again, and the automatic ones."""

    async def find(self, code: str) -> Coupon | None:
        """The coupon of a code, at most CACHE_SECONDS old; None if there is none. May raise StoreUnavailable."""
        cached = self._cache.get(code)
        if cached is not None and self._clock() < cached[0]:
            return cached[1]
        rows = (
            await fetch(self._engine, select(coupons).where(coupons.c.code == code))
            if coupon_code(code) == code
            else ()
        )
        found = _coupon(rows[0]) if rows else None
        self._cache.put(code, (self._clock() + CACHE_SECONDS, found))
        return found

    async def rules(
        self, code: str, goods: Sequence[Goods], currency: str, now: int
    ) -> tuple[list[Coupon], CouponRefused | None]:
        """What applies to goods: the automatic ones, and the coupon of a code ('' for none) unless it is refused.

        May raise StoreUnavailable.
        """
        found = [each for each in await self._automatic_ones() if self._applies(each, goods, currency, now)]
        try:
            return [*found, *([await self.check(code, goods, currency, now)] if code else [])], None
        except CouponRefused as error:
            return found, error

    async def check(self, code: str, goods: Sequence[Goods], currency: str, now: int) -> Coupon:
        """The coupon for goods with prices in a currency at `now` (seconds since the epoch); `code` as it was typed.

        Does not check earlier uses by the shopper: `use` does. Raises CouponRefused and StoreUnavailable.
        """
        coupon = await self.find(coupon_code(code)) if coupon_code(code) else None
        hidden = coupon is None or coupon.terms.automatic or now < coupon.terms.starts
        if coupon is None or hidden:  # a planned campaign is nobody's business yet
            raise CouponRefused("There is no coupon “{code}”. Please check how it is written.", code=code.strip()[:32])
        self._check_conditions(coupon, goods, currency, now)
        return coupon

    def _applies(self, coupon: Coupon, goods: Sequence[Goods], currency: str, now: int) -> bool:
        try:
            self._check_conditions(coupon, goods, currency, now)
        except CouponRefused:
            return False
        return now >= coupon.terms.starts

    async def _automatic_ones(self) -> tuple[Coupon, ...]:
        """The automatic ones in the order of their codes, at most CACHE_SECONDS old.

        While the database cannot be read they are older, or none, and one call in RETRY_SECONDS waits for it: a cart is
        shown and changed without it.
        """
        due, known = self._automatic
        if self._clock() < due:
            return known
        self._automatic = self._clock() + RETRY_SECONDS, known
        try:
            rows = await fetch(self._engine, select(coupons).where(AUTOMATIC).order_by(coupons.c.code))
        except (StoreUnavailable, ConfigurationError):
            return known
        found = tuple(map(_coupon, rows))
        self._automatic = self._clock() + CACHE_SECONDS, found
        return found

    def _check_conditions(self, coupon: Coupon, goods: Sequence[Goods], currency: str, now: int) -> None:
        code, terms = coupon.code, coupon.terms
        if terms.ends is not None and now >= terms.ends:
            raise CouponRefused("The coupon {code} ended on {day}.", code=code, day=day_of(terms.ends - 1, self._zone))
        if coupon.max_uses is not None and coupon.uses >= coupon.max_uses:
            raise _used_up(code)
        if any(m and not self._can_convert(m, currency) for m in (terms.amount, terms.minimum)):
            raise CouponRefused(
                "The coupon {code} cannot be used with prices in {currency}.", code=code, currency=currency
            )
        if not any(is_for(terms, line) for line in goods):
            raise CouponRefused("The coupon {code} is not for what is in your cart.", code=code)
        if not is_met(terms, goods):
            raise CouponRefused(
                "The coupon {code} counts from {count} of its items on.", code=code, count=terms.buy + terms.get
            )
        if terms.minimum is not None:
            minimum = self._rates.convert(terms.minimum, currency)
            subtotal = sum(line.total for line in goods if is_for(terms, line))
            if subtotal < minimum.amount:
                raise CouponRefused(
                    "The coupon {code} applies from {minimum}: {more} to go.",
                    code=code,
                    minimum=minimum.format(),
                    more=Money(minimum.amount - subtotal, minimum.currency).format(),
                )

    def _can_convert(self, money: Money, currency: str) -> bool:
        return money.currency == currency or {money.currency, currency} <= self._rates.per_base.keys()

    async def use(self, connection: AsyncConnection, code: str, email: str, number: str = "") -> None:
        """Count a use by the shopper with this e-mail address, in the caller's transaction. Two statements.

        A coupon for first orders takes a third one: `number` is that of the order, which is stored already. Raises
        CouponRefused if the coupon is used up, the shopper has reached its limit or has ordered before; the
        transaction must be rolled back then. Does not check the dates of the coupon: `check` does.
        """
        count = update(coupons).where(coupons.c.code == code)
        count = count.where(or_(coupons.c.max_uses.is_(None), coupons.c.uses < coupons.c.max_uses))
        row = (await connection.execute(count.values(uses=coupons.c.uses + 1).returning(coupons.c.terms))).first()
        if row is None:
            raise _used_up(code)
        insert = insert_into(connection, coupon_shoppers).values(code=code, shopper=self.digest_of(email), uses=1)
        terms = _terms(row)
        limit = 1 if terms.first_order else terms.per_shopper
        count_shopper = insert.on_conflict_do_update(
            index_elements=["code", "shopper"],
            set_={"uses": coupon_shoppers.c.uses + 1},
            where=None if limit is None else coupon_shoppers.c.uses < limit,
        )
        if (await connection.execute(count_shopper.returning(coupon_shoppers.c.uses))).first() is None:
            raise CouponRefused("The coupon {code} has already been used with this e-mail address.", code=code)
        if terms.first_order:
            await _check_first(connection, code, email, number)

    async def restore(self, connection: AsyncConnection, code: str, email: str) -> None:
        """Uncount a use, in the transaction in which its order fails."""
        used = coupons.c.uses > 0
        await connection.execute(update(coupons).where(coupons.c.code == code, used).values(uses=coupons.c.uses - 1))
        own = (coupon_shoppers.c.code == code, coupon_shoppers.c.shopper == self.digest_of(email))
        uncount = update(coupon_shoppers).where(*own, coupon_shoppers.c.uses > 0)
        await connection.execute(uncount.values(uses=coupon_shoppers.c.uses - 1))

    def digest_of(self, email: str) -> str:
        """The digest that counts this shopper's uses."""
        return shopper_digest(email, self._key)

    async def all(self) -> list[Coupon]:
        """Every coupon, by code."""
        return [_coupon(row) for row in await fetch(self._engine, select(coupons).order_by(coupons.c.code))]

    async def add(self, new: Iterable[Coupon]) -> list[str]:
        """Add coupons with unused codes; return the codes that were added."""
        async with writing(self._engine) as connection:
            insert = insert_into(connection, coupons).on_conflict_do_nothing().returning(coupons.c.code)
            added = [await connection.scalar(insert.values(_columns(coupon))) for coupon in new]
        return [code for code in added if code]

    async def end(self, code: str, now: int) -> bool:
        """End a coupon now, unless it has already ended; return False if there is no such coupon."""
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
    """The coupons that are loaded into an empty shop; docs/costs.md describes them."""
    return msgspec.json.decode(DEMO.read_bytes(), type=list[Coupon])


async def _check_first(connection: AsyncConnection, code: str, email: str, number: str) -> None:
    """Raise CouponRefused if this e-mail address has another order, and that was not undone."""
    others = select(orders.c.number).where(orders.c.email.in_({email, email.lower()}), orders.c.number != number)
    others = others.where(orders.c.state.not_in(("failed", "cancelled")))
    if (await connection.execute(others.limit(1))).first() is not None:
        raise CouponRefused("The coupon {code} is for a first order.", code=code)


def _used_up(code: str) -> CouponRefused:
    return CouponRefused("The coupon {code} has been used up.", code=code)


def _terms(row: Row[Any]) -> CouponTerms:
    return msgspec.json.decode(row.terms, type=CouponTerms)


def _coupon(row: Row[Any]) -> Coupon:
    return Coupon(row.code, _terms(row), row.uses, row.max_uses)


def _columns(coupon: Coupon) -> dict[str, Any]:
    return {
        "code": coupon.code,
        "terms": _json(coupon.terms),
        "uses": 0,
        "max_uses": coupon.max_uses,
        "automatic": coupon.terms.automatic,
    }


def _json(terms: CouponTerms) -> str:
    return msgspec.json.encode(terms).decode()

"""Coupons are refused with a reason, and never used more often than allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.catalog.exchange_rates import read_rates
from shop.checkout.pricing.coupons import CACHE_SECONDS, Coupon, Coupons, coupon_code, demo_coupons, shopper_digest
from shop.checkout.pricing.discounts import Goods
from shop.checkout.pricing.totals import CouponTerms
from shop.checkout.schema import coupon_shoppers, coupons
from shop.database import fetch, writing
from shop.errors import CouponRefused
from shop.money import Money
from tests.fixtures.catalog import eur
from tests.fixtures.shop_app import Clock

NOON = 1_800_000_000
"""15 January 2027."""
DAY = 24 * 3600
AT_ONCE = 40


def percent(points: int = 1000, **given: Any) -> CouponTerms:
    return CouponTerms(percent=points, **given)


async def opened(engine: AsyncEngine, *given: Coupon, **options: Any) -> Coupons:
    kept = Coupons(engine, read_rates(), **options)
    assert await kept.add(given) == [coupon.code for coupon in given]
    return kept


async def order(engine: AsyncEngine, step: Callable[[AsyncConnection], Awaitable[None]]) -> bool:
    """Run a step in a transaction of its own, as an order does; False if it was refused."""
    try:
        async with writing(engine) as connection:
            await step(connection)
    except CouponRefused:
        return False
    return True


def using(kept: Coupons, code: str, email: str) -> Callable[[AsyncConnection], Awaitable[None]]:
    return lambda connection: kept.use(connection, code, email)


def of(subtotal: Money) -> tuple[list[Goods], str]:
    """Goods of this price, and their currency."""
    return [Goods(handle="mug", categories=("Mugs",), unit=subtotal.amount, quantity=1)], subtotal.currency


async def uses_of(engine: AsyncEngine, code: str) -> tuple[int, int]:
    """The uses of a coupon, and the sum of uses by its shoppers."""
    ((all_in_all,),) = await fetch(engine, select(coupons.c.uses).where(coupons.c.code == code))
    counted = select(func.coalesce(func.sum(coupon_shoppers.c.uses), 0)).where(coupon_shoppers.c.code == code)
    ((by_shoppers,),) = await fetch(engine, counted)
    return int(all_in_all), int(by_shoppers)


class TestRaces:
    async def test_a_coupon_with_five_uses_is_used_five_times(self, engine: AsyncEngine) -> None:
        kept = await opened(engine, Coupon("FIVE", percent(), max_uses=5))
        tries = [order(engine, using(kept, "FIVE", f"{i}@shop.test")) for i in range(AT_ONCE)]
        assert sum(await asyncio.gather(*tries)) == 5
        assert await uses_of(engine, "FIVE") == (5, 5)

    async def test_a_coupon_for_one_order_of_a_shopper_is_used_once_by_each(self, engine: AsyncEngine) -> None:
        kept = await opened(engine, Coupon("ONCE", percent(per_shopper=1)))
        spelled = ("Ada@shop.test", "ada@SHOP.test", " ada@shop.test ", "bob@shop.test")
        tries = [order(engine, using(kept, "ONCE", spelled[i % 4])) for i in range(AT_ONCE)]
        assert sum(await asyncio.gather(*tries)) == 2, "one by ada, one by bob"
        assert await uses_of(engine, "ONCE") == (2, 2), "a refused use is not counted"

    async def test_a_restored_use_can_be_used_again(self, engine: AsyncEngine) -> None:
        kept = await opened(engine, Coupon("ONE", percent(per_shopper=1), max_uses=1))
        assert await order(engine, using(kept, "ONE", "ada@shop.test"))
        assert not await order(engine, using(kept, "ONE", "bob@shop.test"))
        assert await order(engine, lambda c: kept.restore(c, "ONE", "ada@shop.test"))
        assert await uses_of(engine, "ONE") == (0, 0)
        assert await order(engine, lambda c: kept.restore(c, "ONE", "ada@shop.test"))
        assert await uses_of(engine, "ONE") == (0, 0), "never less than none"
        assert await order(engine, using(kept, "ONE", "ada@shop.test"))

    async def test_uses_and_returns_in_parallel_add_up(self, engine: AsyncEngine) -> None:
        kept = await opened(engine, Coupon("THREE", percent(per_shopper=1), max_uses=3))

        async def come_and_go(email: str) -> int:
            if not await order(engine, using(kept, "THREE", email)):
                return 0
            if email.startswith("even"):
                return 1
            await order(engine, lambda c: kept.restore(c, "THREE", email))
            return 0

        stay = sum(await asyncio.gather(*(come_and_go(f"{'even' if i % 2 else 'odd'}{i}@a.test") for i in range(20))))
        assert stay <= 3
        assert await uses_of(engine, "THREE") == (stay, stay)


@pytest.fixture
def statements(engine: AsyncEngine) -> list[str]:
    """The statements that the database receives, without BEGIN and COMMIT."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.extend([statement.split()[0]] if statement != "BEGIN IMMEDIATE" else [])

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    return asked


async def test_a_use_is_two_statements(engine: AsyncEngine, statements: list[str]) -> None:
    kept = await opened(engine, Coupon("ONCE", percent(per_shopper=1)))
    statements.clear()
    assert await order(engine, using(kept, "ONCE", "ada@shop.test"))
    assert statements == ["UPDATE", "INSERT"]


async def test_what_cannot_be_a_code_is_not_looked_up(engine: AsyncEngine, statements: list[str]) -> None:
    kept = Coupons(engine, read_rates())
    for text in ("", "two_words", "ü" * 3, "A" * 33, "A\x00"):
        assert coupon_code(text) == ""
        with pytest.raises(CouponRefused):
            await kept.check(text, *of(eur(1)), NOON)
    assert statements == []


class TestCheck:
    @pytest.mark.parametrize(
        ("coupon", "words"),
        [
            (Coupon("X", percent(starts=NOON + 1)), "There is no coupon “X”. Please check how it is written."),
            (Coupon("X", percent(ends=NOON)), "The coupon X ended on 15 January 2027."),
            (Coupon("X", percent(ends=NOON - DAY // 2)), "The coupon X ended on 14 January 2027."),
            (Coupon("X", percent(minimum=eur(5001))), "The coupon X applies from €50.01: €0.01 to go."),
            (
                Coupon("X", percent(minimum=Money(5000, "CHF"))),
                "The coupon X cannot be used with prices in EUR.",
            ),
        ],
    )
    async def test_states_why_a_coupon_is_refused(self, sqlite_engine: AsyncEngine, coupon: Coupon, words: str) -> None:
        kept = await opened(sqlite_engine, coupon)
        with pytest.raises(CouponRefused) as refused:
            await kept.check("X", *of(eur(5000)), NOON)
        assert (str(refused.value), refused.value.field) == (words, "coupon")

    @pytest.mark.parametrize("code", ["", "NOPE", "x" * 33, "' OR 1=1 --", "ＣＯＵＰＯＮ"])
    async def test_an_unknown_code_is_reported_as_typed(self, sqlite_engine: AsyncEngine, code: str) -> None:
        kept = await opened(sqlite_engine, Coupon("X", percent()))
        with pytest.raises(CouponRefused) as refused:
            await kept.check(code, *of(eur(1)), NOON)
        assert str(refused.value) == f"There is no coupon “{code[:32]}”. Please check how it is written."

    async def test_one_that_is_used_up_says_so(self, sqlite_engine: AsyncEngine) -> None:
        kept = await opened(sqlite_engine, Coupon("X", percent(), max_uses=1))
        assert await order(sqlite_engine, using(kept, "X", "ada@shop.test"))
        with pytest.raises(CouponRefused, match="The coupon X has been used up"):
            await kept.check("X", *of(eur(1)), NOON)

    async def test_counts_at_its_edges_and_however_it_is_typed(self, sqlite_engine: AsyncEngine) -> None:
        terms = percent(starts=NOON, ends=NOON + 1, minimum=eur(5000))
        kept = await opened(sqlite_engine, Coupon("X-1", terms, max_uses=1))
        assert await kept.check(" x-1 ", *of(eur(5000)), NOON) == Coupon("X-1", terms, max_uses=1)

    async def test_a_minimum_is_converted(self, sqlite_engine: AsyncEngine) -> None:
        kept = await opened(sqlite_engine, Coupon("X", percent(minimum=eur(1000))))
        assert await kept.check("X", *of(Money(1625, "JPY")), NOON)
        with pytest.raises(CouponRefused, match="from ¥1,625: ¥1 to go"):
            await kept.check("X", *of(Money(1624, "JPY")), NOON)


class TestRules:
    async def test_automatic_ones_come_first_in_the_order_of_their_codes(self, sqlite_engine: AsyncEngine) -> None:
        mugs = percent(automatic=True, title="Mugs", categories=("mugs",))
        lamps = percent(automatic=True, title="Lamps", products=("lamp",))
        over, later = percent(automatic=True, title="Over"), percent(automatic=True, title="Later", starts=NOON + 1)
        kept = await opened(sqlite_engine, Coupon("X", percent()), Coupon("C", mugs), Coupon("B", over))
        await kept.add([Coupon("A", lamps), Coupon("D", later)])
        rules, refused = await kept.rules("x", *of(eur(100)), NOON)
        assert ([rule.code for rule in rules], refused) == (["B", "C", "X"], None)
        rules, refused = await kept.rules("nope", *of(eur(100)), NOON)
        assert [rule.code for rule in rules] == ["B", "C"]
        assert refused is not None

    @pytest.mark.parametrize("given", [{"automatic": True, "title": "All"}, {"starts": NOON + 1}])
    async def test_what_no_shopper_may_enter_is_unknown(self, sqlite_engine: AsyncEngine, given: Any) -> None:
        kept = await opened(sqlite_engine, Coupon("X", percent(**given)))
        with pytest.raises(CouponRefused, match="There is no coupon “X”"):
            await kept.check("X", *of(eur(100)), NOON)

    async def test_the_minimum_is_of_the_goods_that_it_is_for(self, sqlite_engine: AsyncEngine) -> None:
        kept = await opened(sqlite_engine, Coupon("X", percent(minimum=eur(500), products=("lamp",))))
        lamp = Goods(handle="lamp", unit=400, quantity=1)
        with pytest.raises(CouponRefused, match=r"applies from €5\.00: €1\.00 to go"):
            await kept.check("X", [lamp, *of(eur(9000))[0]], "EUR", NOON)
        with pytest.raises(CouponRefused, match="is not for what is in your cart"):
            await kept.check("X", *of(eur(9000)), NOON)

    async def test_some_of_several_units_need_enough_of_them(self, sqlite_engine: AsyncEngine) -> None:
        kept = await opened(sqlite_engine, Coupon("X", percent(10_000, buy=2, get=1)))
        with pytest.raises(CouponRefused, match="counts from 3 of its items on"):
            await kept.check("X", *of(eur(9000)), NOON)


class TestCache:
    async def test_a_look_up_is_cached_for_two_seconds_whether_found_or_not(self, sqlite_engine: AsyncEngine) -> None:
        clock = Clock()
        kept = await opened(sqlite_engine, Coupon("X", percent()), clock=clock)
        assert await kept.find("X")
        assert await kept.find("Y") is None
        await Coupons(sqlite_engine, read_rates()).end("X", NOON)
        await Coupons(sqlite_engine, read_rates()).add([Coupon("Y", percent())])
        clock.now += CACHE_SECONDS - 0.1
        assert await kept.check("X", *of(eur(1)), NOON)
        assert await kept.find("Y") is None
        clock.now += 0.1
        with pytest.raises(CouponRefused, match="ended"):
            await kept.check("X", *of(eur(1)), NOON)
        assert await kept.find("Y")


class TestAdministration:
    async def test_adding_overwrites_nothing(self, engine: AsyncEngine) -> None:
        kept = await opened(engine, Coupon("X", percent()))
        assert await kept.add([Coupon("X", percent(5)), Coupon("Y", percent(7), uses=3)]) == ["Y"]
        assert await kept.all() == [Coupon("X", percent()), Coupon("Y", percent(7))]

    async def test_ending_keeps_an_earlier_end(self, engine: AsyncEngine) -> None:
        kept = await opened(engine, Coupon("X", percent()), Coupon("Y", percent(ends=NOON - DAY)))
        assert await kept.end("X", NOON)
        assert await kept.end("Y", NOON)
        assert not await kept.end("Z", NOON)
        assert [coupon.terms.ends for coupon in await kept.all()] == [NOON, NOON - DAY]

    async def test_the_coupons_of_the_demo_can_be_added(self, sqlite_engine: AsyncEngine) -> None:
        kept = await opened(sqlite_engine, *demo_coupons())
        assert [coupon.code for coupon in await kept.all()] == sorted(coupon.code for coupon in demo_coupons())


def test_a_shopper_is_a_digest_of_the_address() -> None:
    assert shopper_digest(" Ada@Shop.test") == shopper_digest("ada@shop.test") != shopper_digest("bob@shop.test")
    assert len(shopper_digest("ada@shop.test")) == 64
    assert "ada" not in shopper_digest("ada@shop.test")

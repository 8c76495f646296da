"""Stock on every database: a unit is on sale, reserved or sold, whatever runs in parallel."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.stock import stock
from shop.database import writing
from shop.errors import OutOfStock
from shop.money import Money
from tests.fixtures.catalog import a_product, fill, import_text, variant
from tests.fixtures.stock import (
    NOW,
    SOON,
    commit,
    deduct,
    ends,
    hand_over,
    hold,
    level,
    on_sale,
    release,
    reserve,
    reserved_stock,
    restore,
    share,
)

SKUS = [f"SKU-{number}" for number in range(8)]


@pytest.fixture(autouse=True)
def patient_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fifty transactions at once wait for a connection on a busy machine: a request would give up after 2 s."""
    monkeypatch.setattr("shop.database.POOL_SECONDS", 60.0)


@pytest.fixture
async def engine(engine: AsyncEngine) -> AsyncEngine:
    """Ten mugs, three bowls, unlimited candles, and an unpublished lamp."""
    await fill(
        engine,
        a_product("mug", variant("MUG", price=1900, stock=10)),
        a_product("bowl", variant("BOWL", price=2100, stock=3)),
        a_product("candle"),
        a_product("lamp", variant("LAMP", stock=5), published=False),
    )
    return engine


async def test_what_is_reserved_is_no_longer_on_sale(engine: AsyncEngine) -> None:
    assert await reserve(engine, "ada", {"MUG": 4, "BOWL": 1}) == {"MUG": 4, "BOWL": 1}
    assert await reserved_stock(engine) == {"MUG": 4, "BOWL": 1}
    sold = await on_sale(engine)
    assert (sold["MUG"], sold["BOWL"]) == (6, 2)
    assert await reserve(engine, "bob", {"BOWL": 3}) == {"BOWL": 2}, "as many as there are"
    assert await ends(engine, "bob") == {}, "and none of them is reserved: the share is given away"


async def test_those_who_have_not_paid_reserve_at_most_half(engine: AsyncEngine) -> None:
    for number in range(60):
        await reserve(engine, f"cart-{number}", {"MUG": 10, "BOWL": 3})
    assert await reserved_stock(engine) == {"MUG": 5, "BOWL": 1}
    sold = await on_sale(engine)
    assert (sold["MUG"], sold["BOWL"]) == (5, 2)


async def test_the_last_unit_stays_on_sale(engine: AsyncEngine) -> None:
    assert await deduct(engine, "eve", {"MUG": 9}) is None
    assert await reserve(engine, "ada", {"MUG": 1}) == {"MUG": 1}
    assert await reserved_stock(engine) == {}
    assert (await on_sale(engine))["MUG"] == 1


async def test_a_reservation_becomes_what_is_wanted_now(engine: AsyncEngine) -> None:
    await reserve(engine, "ada", {"MUG": 4, "BOWL": 1})
    assert await reserve(engine, "ada", {"MUG": 5}) == {"MUG": 5}
    assert await reserved_stock(engine) == {"MUG": 5}
    assert (await on_sale(engine))["BOWL"] == 3
    assert await reserve(engine, "ada", {"MUG": 1, "BOWL": 1}) == {"MUG": 1, "BOWL": 1}
    assert (await on_sale(engine))["MUG"] == 9
    assert await reserve(engine, "ada", {}) == {}
    assert await reserved_stock(engine) == {}


async def test_what_a_cart_no_longer_wants_is_on_sale_at_once(engine: AsyncEngine) -> None:
    await reserve(engine, "ada", {"MUG": 4, "BOWL": 1})
    await reserve(engine, "bob", {"MUG": 1})
    async with writing(engine) as connection:
        assert await stock.keep(connection, "ada", {"MUG": 9, "BOWL": 1}) == set(), "it never reserves more"
        assert await stock.keep(connection, "ada", {"MUG": 3}) == {"MUG", "BOWL"}
    assert await reserved_stock(engine) == {"MUG": 4}
    assert await ends(engine, "ada") == {"MUG": SOON}
    sold = await on_sale(engine)
    assert (sold["MUG"], sold["BOWL"]) == (6, 3)


async def test_an_order_keeps_all_that_it_needs_while_the_bank_is_asked(engine: AsyncEngine) -> None:
    await reserve(engine, "ada", {"MUG": 4})
    await hold(engine, "ada", "ONE", {"MUG": 10, "CANDLE": 2})
    assert await level(engine, "MUG") == (0, 10, 0)
    assert await commit(engine, "ONE", {"MUG": 10, "CANDLE": 2}) is None
    assert await level(engine, "MUG") == (0, 0, 10)
    assert await level(engine, "CANDLE") == (None, 0, 2)
    assert await hand_over(engine, "ONE") == {"MUG": 10, "CANDLE": 2}
    assert await level(engine, "MUG") == (0, 0, 0)


async def test_an_order_that_is_not_paid_gives_everything_back(engine: AsyncEngine) -> None:
    await hold(engine, "ada", "ONE", {"MUG": 10})
    await restore(engine, await hand_over(engine, "ONE"))
    assert await level(engine, "MUG") == (10, 0, 0)


async def test_an_order_that_waits_for_its_shopper_keeps_a_share(engine: AsyncEngine) -> None:
    await hold(engine, "ada", "ONE", {"MUG": 10, "BOWL": 1, "CANDLE": 1})
    assert await share(engine, "ONE") == {"MUG"}
    assert await level(engine, "MUG") == (5, 5, 0)
    assert await level(engine, "BOWL") == (2, 1, 0)
    assert await share(engine, "ONE") == set()
    assert await commit(engine, "ONE", {"MUG": 10, "BOWL": 1, "CANDLE": 1}) is None
    assert await level(engine, "MUG") == (0, 0, 10)


async def test_an_order_whose_rest_is_sold_meanwhile_cannot_be_committed(engine: AsyncEngine) -> None:
    await hold(engine, "ada", "ONE", {"MUG": 10})
    await share(engine, "ONE")
    assert await deduct(engine, "bob", {"MUG": 1}) is None
    assert await commit(engine, "ONE", {"MUG": 10}) == {"MUG": 4}
    assert await level(engine, "MUG") == (4, 5, 0), "nothing has changed"


async def test_what_is_committed_is_no_longer_shared(engine: AsyncEngine) -> None:
    await hold(engine, "ada", "ONE", {"MUG": 10})
    await commit(engine, "ONE", {"MUG": 10})
    assert await share(engine, "ONE") == set()
    assert await level(engine, "MUG") == (0, 0, 10)


async def test_reservations_of_orders_do_not_expire(engine: AsyncEngine) -> None:
    await hold(engine, "ada", "ONE", {"MUG": 2})
    await hold(engine, "bob", "TWO", {"MUG": 3})
    await commit(engine, "TWO", {"MUG": 3})
    assert await release(engine, SOON + 10**9) == set()
    assert await level(engine, "MUG") == (5, 2, 3)


async def test_committed_units_are_nobodys_share(engine: AsyncEngine) -> None:
    await hold(engine, "eve", "ONE", {"MUG": 8})
    await commit(engine, "ONE", {"MUG": 8})
    await reserve(engine, "ada", {"MUG": 2})
    assert await level(engine, "MUG") == (1, 1, 8)


async def test_stock_without_limit_is_not_reserved_and_what_is_not_sold_is_not_held(engine: AsyncEngine) -> None:
    assert await reserve(engine, "ada", {"CANDLE": 40, "LAMP": 1, "mug": 1}) == {"CANDLE": 40, "LAMP": 0, "mug": 0}
    assert await reserved_stock(engine) == {}
    assert await deduct(engine, "ada", {"CANDLE": 40}) is None
    assert (await on_sale(engine))["CANDLE"] is None
    await restore(engine, {"CANDLE": 40, "mug": 1})
    assert (await on_sale(engine))["CANDLE"] is None


async def test_a_reservation_keeps_its_end_until_it_is_over(engine: AsyncEngine) -> None:
    await reserve(engine, "ada", {"MUG": 1})
    await reserve(engine, "ada", {"MUG": 2, "BOWL": 1}, until=SOON + 300, now=NOW + 300)
    assert await ends(engine, "ada") == {"MUG": SOON, "BOWL": SOON}
    await reserve(engine, "ada", {"MUG": 2, "BOWL": 1}, until=SOON + 600, now=SOON)
    assert await ends(engine, "ada") == {"MUG": SOON + 600, "BOWL": SOON + 600}


async def test_what_is_over_goes_back_a_batch_at_a_time(engine: AsyncEngine) -> None:
    for number in range(5):
        await reserve(engine, f"shopper-{number}", {"MUG": 1}, until=SOON + number)
    await reserve(engine, "late", {"BOWL": 1}, until=SOON + 600)
    assert await release(engine, SOON - 1) == set()
    assert await release(engine, SOON + 4, limit=3) == {"MUG"}
    assert await reserved_stock(engine) == {"MUG": 2, "BOWL": 1}
    assert await release(engine, SOON + 4) == {"MUG"}
    assert await reserved_stock(engine) == {"BOWL": 1}
    assert (await on_sale(engine))["MUG"] == 10


@pytest.mark.parametrize(("held", "left"), [({}, 6), ({"MUG": 4}, 6), ({"MUG": 1}, 6), ({"MUG": 5, "BOWL": 1}, 6)])
async def test_an_order_takes_its_own_pieces_first(engine: AsyncEngine, held: dict[str, int], left: int) -> None:
    await reserve(engine, "ada", held)
    async with writing(engine) as connection:
        things = await stock.deduct(connection, "ada", {"MUG": 4, "CANDLE": 1})
    assert things == {
        "MUG": stock.Sold(Money(1900, "EUR"), "Mug", ""),
        "CANDLE": stock.Sold(Money(1000, "EUR"), "Candle", ""),
    }
    assert await reserved_stock(engine) == {}, "and releases the rest"
    sold = await on_sale(engine)
    assert (sold["MUG"], sold["BOWL"]) == (left, 3)


async def test_a_short_order_reports_the_available_quantity(engine: AsyncEngine) -> None:
    await reserve(engine, "ada", {"BOWL": 1})
    await reserve(engine, "bob", {"MUG": 1})
    before = await on_sale(engine), await reserved_stock(engine)
    wanted = {"BOWL": 4, "MUG": 10, "LAMP": 1, "gone": 1, "CANDLE": 1}
    assert await deduct(engine, "ada", wanted) == {"BOWL": 3, "MUG": 9, "LAMP": 0, "gone": 0}
    assert (await on_sale(engine), await reserved_stock(engine)) == before


async def test_fifty_shoppers_for_the_last_ten_pieces(engine: AsyncEngine) -> None:
    could = await asyncio.gather(*(reserve(engine, f"shopper-{number}", {"MUG": 1}) for number in range(50)))
    assert Counter(pieces["MUG"] for pieces in could) == {1: 50}, "half stays on sale, so everyone may try"
    assert (await on_sale(engine))["MUG"] == 5
    refused = await asyncio.gather(*(deduct(engine, f"shopper-{number}", {"MUG": 1}) for number in range(50)))
    assert Counter(answer is None for answer in refused) == {True: 10, False: 40}
    assert (await on_sale(engine))["MUG"] == 0
    assert await reserved_stock(engine) == {}


async def test_fifty_orders_for_the_last_ten_units_without_a_reservation(engine: AsyncEngine) -> None:
    refused = await asyncio.gather(
        *(deduct(engine, f"shopper-{number}", {"MUG": 1, "CANDLE": 1}) for number in range(50))
    )
    assert Counter(answer is None for answer in refused) == {True: 10, False: 40}
    assert [answer for answer in refused if answer not in (None, {"MUG": 0})] == []
    assert (await on_sale(engine))["MUG"] == 0


async def test_one_checkout_opened_ten_times_at_once_holds_once(engine: AsyncEngine) -> None:
    held = await asyncio.gather(*(reserve(engine, "ada", {"MUG": 3, "BOWL": 1}) for _ in range(10)))
    assert held == [{"MUG": 3, "BOWL": 1}] * 10
    assert await reserved_stock(engine) == {"MUG": 3, "BOWL": 1}
    sold = await on_sale(engine)
    assert (sold["MUG"], sold["BOWL"]) == (7, 2)


async def test_no_piece_is_lost_or_made_where_everything_crosses(engine: AsyncEngine) -> None:
    """Every function moves many skus in every order, for the same holders too, without a deadlock."""
    await fill_with(engine, 40)
    chance, taken, numbers = random.Random(20), Counter[str](), count()

    async def pay(holder: str, wanted: dict[str, int]) -> None:
        number = f"N{next(numbers)}"
        try:
            await hold(engine, holder, number, wanted)
        except OutOfStock:
            return
        if number.endswith(("1", "4", "7")):
            await share(engine, number)
        if await commit(engine, number, wanted) is None:
            await hand_over(engine, number)
            taken.update(wanted)
        else:
            await restore(engine, await hand_over(engine, number))

    async def order(holder: str, wanted: dict[str, int]) -> None:
        if await deduct(engine, holder, wanted) is None:
            taken.update(wanted)

    async def cancel(wanted: dict[str, int]) -> None:
        if await deduct(engine, "returner", wanted) is None:
            await restore(engine, wanted)

    def step() -> Coroutine[Any, Any, object]:
        holder = f"shopper-{chance.randrange(6)}"
        wanted = {sku: chance.randint(1, 4) for sku in chance.sample(SKUS, chance.randint(2, 6))}
        until = NOW + chance.randrange(10)
        return chance.choice(
            (
                lambda: reserve(engine, holder, wanted, until=until),
                lambda: reserve(engine, holder, wanted, until=until),
                lambda: order(holder, wanted),
                lambda: pay(holder, wanted),
                lambda: reserve(engine, holder, {}),
                lambda: release(engine, NOW + 5, limit=4),
                lambda: cancel(wanted),
            )
        )()

    for _ in range(8):
        await asyncio.gather(*(step() for _ in range(25)))
        sold, held = await on_sale(engine), await reserved_stock(engine)
        assert {sku: (sold[sku] or 0) + held.get(sku, 0) + taken[sku] for sku in SKUS} == dict.fromkeys(SKUS, 40)
        assert min(sold[sku] or 0 for sku in SKUS) >= 0
    assert sum(taken.values()) > 50


async def fill_with(engine: AsyncEngine, pieces: int) -> None:
    """A catalogue with this stock of each of SKUS and nothing else."""
    rows = "".join(f"{sku.lower()},{sku},{sku},1,{pieces},shopify\n" for sku in SKUS)
    await import_text(
        engine,
        "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Variant Inventory Tracker\n" + rows,
        replace=True,
    )


async def test_the_statements_of_an_order_and_of_a_reservation(engine: AsyncEngine) -> None:
    statements: list[str] = []

    def note(*given: Any) -> None:
        statements.append(given[2])

    async def of(work: Coroutine[Any, Any, object]) -> int:
        statements.clear()
        await work
        return len([text for text in statements if not text.startswith("BEGIN")])

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    lock = engine.dialect.name == "postgresql"
    wanted = {"MUG": 2, "BOWL": 1, "CANDLE": 1}
    assert await of(reserve(engine, "ada", wanted)) == 5 + lock
    assert await of(reserve(engine, "ada", wanted)) == 3 + lock, "tried again"
    assert await of(deduct(engine, "ada", wanted)) == 2
    assert await of(hold(engine, "bob", "ONE", wanted)) == 3
    assert await of(commit(engine, "ONE", wanted)) == 1
    assert await of(deduct(engine, "bob", {"BOWL": 2})) == 3, "it reads what is left"

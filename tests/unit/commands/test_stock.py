"""`shop stock`: what is on hand, and who changed it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from shop.database import create_engine
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.commands import ShopCommand
from tests.fixtures.stock import commit, hold, level

Level = Callable[[str], tuple[int | None, int, int]]


@pytest.fixture
def shop_stock(shop_command: ShopCommand) -> ShopCommand:
    """Runs `shop stock …`."""
    return partial(shop_command, "stock")


@pytest.fixture
def levels(sqlite_url: str) -> Level:
    """On sale, reserved and committed of a sku, in a shop with ten mugs, two of them sold, and endless candles."""

    async def sell() -> None:
        engine = create_engine(sqlite_url)
        await fill(engine, a_product("mug", variant("MUG", stock=10)), a_product("candle"))
        await hold(engine, "", "ONE", {"MUG": 2})
        await commit(engine, "ONE", {"MUG": 2})
        await engine.dispose()

    async def read(sku: str) -> tuple[int | None, int, int]:
        engine = create_engine(sqlite_url)
        try:
            return await level(engine, sku)
        finally:
            await engine.dispose()

    asyncio.run(sell())
    return lambda sku: asyncio.run(read(sku))


def test_shows_what_is_on_hand_and_where_it_is(shop_stock: ShopCommand, levels: Level) -> None:
    status, out, _ = shop_stock("show")
    assert status == 0
    (mug,) = (line for line in out.splitlines() if "MUG" in line)
    assert mug.replace("│", " ").split() == ["MUG", "10", "2", "0", "8"]
    assert "no limit" in out
    assert shop_stock("show", "CUP") == (1, "", "shop: There is no sku CUP.\n")


def test_sets_and_adds_to_what_is_on_hand_and_says_who_did(shop_stock: ShopCommand, levels: Level) -> None:
    assert shop_stock("set", "MUG", "12", "--why", "delivery")[0] == 0
    assert levels("MUG") == (10, 0, 2)
    assert shop_stock("add", "MUG", "-1", "--why", "broken")[0] == 0
    assert levels("MUG") == (9, 0, 2)
    shown = shop_stock("show", "MUG")[1].splitlines()
    assert "added, 12 to 11: broken" in shown[-2]
    assert "set, 10 to 12: delivery" in shown[-1]


def test_what_is_sold_stays_sold_if_fewer_are_found(shop_stock: ShopCommand, levels: Level) -> None:
    status, _, err = shop_stock("set", "MUG", "1")
    assert (status, levels("MUG")) == (0, (0, 0, 2))
    assert "warning: MUG: 1 more are sold or reserved than there are." in err


def test_refuses_what_cannot_be(shop_stock: ShopCommand, levels: Level) -> None:
    assert shop_stock("add", "MUG", "-11")[0] == 1
    assert shop_stock("add", "CANDLE", "1")[0] == 2
    assert shop_stock("set", "CUP", "1") == (1, "", "shop: There is no sku CUP.\n")
    assert levels("MUG") == (8, 0, 2)
    assert shop_stock("set", "CANDLE", "5")[0] == 0
    assert levels("CANDLE") == (5, 0, 0)


def test_counts_a_whole_file_or_nothing(shop_stock: ShopCommand, levels: Level, tmp_path: Path) -> None:
    file = tmp_path / "count.csv"
    file.write_text("SKU,Counted,shelf\nMUG,6,A\nMUG,5,B\nCANDLE,40,C\n")
    assert shop_stock("count", str(file), "--why", "stocktake")[0] == 0
    assert levels("MUG") == (9, 0, 2)
    assert levels("CANDLE") == (40, 0, 0)
    file.write_text("sku,counted\nMUG,3\nCUP,1\n")
    assert shop_stock("count", str(file))[0] == 1
    file.write_text("sku,counted\nMUG,3\nCANDLE,many\n")
    assert "line 3: 'many' is not a count" in shop_stock("count", str(file))[2]
    file.write_text("sku\nMUG\n")
    assert shop_stock("count", str(file))[0] == 2
    assert levels("MUG") == (9, 0, 2)

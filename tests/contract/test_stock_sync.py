"""Stock sync on every database: pages follow soon, in batches, and as an import would write them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import Query
from shop.catalog.reading import rows
from shop.catalog.reading.cache import CachedCatalog
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.reading.traits import Traits
from shop.catalog.schema import facets, listings, products
from shop.catalog.stock.derived import stale_products
from shop.catalog.stock.sync import StockSync
from shop.catalog.writing.derived import json, listing_rows, product_row
from shop.catalog.writing.writer import CatalogWriter
from shop.database import create_engine, fetch, writing
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.shop_app import Clock
from tests.fixtures.stock import SOON, deduct, on_sale, reserve, reserved_stock, restore, seize

MUG = a_product(
    "mug",
    variant("MUG-M", "Moss", stock=8),
    variant("MUG-C", "Clay", stock=0),
    options=("Colour",),
    categories=("Mugs",),
)
BOWL = a_product("bowl", variant("BOWL", stock=3), categories=("Bowls", "Mugs"))
SPOON = a_product("spoon", variant("SPOON", stock=5000), categories=("Spoons",))
CANDLE = a_product("candle")
LAMP = a_product("lamp", variant("LAMP", stock=1), published=False, categories=("Mugs",))


@pytest.fixture
async def stock_sync(engine: AsyncEngine, clock: Clock) -> AsyncIterator[StockSync]:
    await fill(engine, MUG, BOWL, SPOON, CANDLE, LAMP)
    stock_sync = StockSync(engine, "EUR", clock)
    yield stock_sync
    await stock_sync.close()


@pytest.fixture
def repository(engine: AsyncEngine) -> CatalogRepository:
    return CatalogRepository(engine, "EUR")


async def deduct_and_notify(stock_sync: StockSync, holder: str, **wanted: int) -> None:
    skus = {sku.replace("_", "-"): pieces for sku, pieces in wanted.items()}
    assert await deduct(stock_sync.engine, holder, skus) is None
    stock_sync.touched(skus)
    await stock_sync.refresh()


async def test_pages_show_what_is_left(stock_sync: StockSync, repository: CatalogRepository) -> None:
    version = await repository.version()
    await deduct_and_notify(stock_sync, "ada", MUG_M=6, BOWL=3)
    assert await repository.version() == version + 1, "once for all that changed"
    mug, bowl = (await repository.page(Query(sort="name"))).listings[2], (await repository.product("bowl"))
    assert (mug.handle, mug.stock) == ("mug", 2)
    assert bowl is not None
    assert (bowl.variants[0].stock, bowl.variants[0].reserved) == (0, 0)
    in_stock = await repository.page(Query(in_stock=True))
    assert [listing.handle for listing in in_stock.listings] == ["mug", "spoon", "candle"]
    large = CatalogRepository(stock_sync.engine, "EUR", in_memory_limit=1)
    assert [listing.handle for listing in (await large.page(Query(in_stock=True))).listings] == [
        "mug",
        "spoon",
        "candle",
    ]
    assert [value.count for value in (await large.page(Query())).facets[-1].values] == [3]


async def test_unchanged_pages_are_not_invalidated(stock_sync: StockSync, repository: CatalogRepository) -> None:
    version = await repository.version()
    await deduct_and_notify(stock_sync, "ada", SPOON=90, CANDLE=99)
    assert await reserve(stock_sync.engine, "ada", {"SPOON": 99}) == {"SPOON": 99}
    await restore(stock_sync.engine, {"LAMP": 1})
    stock_sync.touched(["SPOON", "LAMP", "nothing"])
    await stock_sync.refresh()
    assert await repository.version() == version
    spoon = next(one for one in (await repository.page(Query())).listings if one.handle == "spoon")
    assert spoon.stock == 4811, "though what is left is known"


async def test_reserved_last_units_differ_from_sold_ones(stock_sync: StockSync, repository: CatalogRepository) -> None:
    async def held() -> tuple[int | None, int]:
        stock_sync.touched(["BOWL"])
        await stock_sync.refresh()
        offer = (await repository.offers(["BOWL"]))["BOWL"]
        return offer.stock, offer.reserved

    await seize(stock_sync.engine, "ada", "BOWL", 3)
    assert await held() == (0, 3)
    version = await repository.version()
    assert await deduct(stock_sync.engine, "ada", {"BOWL": 3}) is None
    assert await held() == (0, 0)
    assert await repository.version() == version + 1, "no stock has changed, but what pages show of it has"


async def test_a_holder_sees_their_reserved_units_on_sale(stock_sync: StockSync, repository: CatalogRepository) -> None:
    await seize(stock_sync.engine, "ada", "BOWL", 2)
    await seize(stock_sync.engine, "bob", "BOWL", 1)
    catalog = CachedCatalog(repository)
    await catalog.start()
    try:
        seen = {who: (await catalog.offers(["BOWL", "CANDLE"], who))["BOWL"] for who in ("", "ada", "bob", "eve")}
    finally:
        await catalog.close()
    assert {who: (offer.stock, offer.reserved) for who, offer in seen.items()} == {
        "": (0, 3),
        "ada": (2, 1),
        "bob": (1, 2),
        "eve": (0, 3),
    }


async def test_unqueued_changes_are_reconciled(stock_sync: StockSync, repository: CatalogRepository) -> None:
    version = await repository.version()
    await stock_sync.reconcile()
    assert await repository.version() == version, "nothing was to be found"
    await deduct(stock_sync.engine, "ada", {"SPOON": 1000})
    await stock_sync.reconcile()
    assert await derived(stock_sync.engine) == await expected(stock_sync.engine)
    await seize(stock_sync.engine, "ada", "BOWL", 3)
    await stock_sync.reconcile()
    assert (await repository.page(Query(in_stock=True))).total == 3
    await reserve(stock_sync.engine, "ada", {})
    async with writing(stock_sync.engine) as connection:  # the sum stays
        await connection.execute(
            text("UPDATE variants SET stock = CASE sku WHEN 'MUG-M' THEN 7 ELSE 1 END WHERE sku IN ('MUG-M', 'MUG-C')")
        )
    await stock_sync.reconcile()
    assert await derived(stock_sync.engine) == await expected(stock_sync.engine)


async def test_shown_stock_is_read_by_its_position_in_the_traits(
    stock_sync: StockSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database reads stored traits by the field's position in the struct, whatever its order."""
    names = ("shown_stock", *(name for name in Traits.__struct_fields__ if name != "shown_stock"))
    reordered = msgspec.defstruct("Reordered", names, array_like=True)
    stored = await fetch(stock_sync.engine, select(products.c.id, products.c.traits))
    async with writing(stock_sync.engine) as connection:
        for row in stored:
            moved = json(reordered(**msgspec.structs.asdict(rows.traits(row.traits))))
            await connection.execute(update(products).where(products.c.id == row.id).values(traits=moved))
    monkeypatch.setattr("shop.catalog.stock.derived.Traits", reordered)
    statement = stale_products(stock_sync.engine.dialect.name)
    assert await fetch(stock_sync.engine, statement) == []
    await seize(stock_sync.engine, "ada", "BOWL", 3)
    bowl = await fetch(stock_sync.engine, select(products.c.id).where(products.c.handle == "bowl"))
    assert await fetch(stock_sync.engine, statement) == bowl


async def test_a_refresh_writes_what_an_import_would(engine: AsyncEngine, stock_sync: StockSync) -> None:
    chance, skus = random.Random(7), ["MUG-M", "MUG-C", "BOWL", "SPOON", "CANDLE", "LAMP"]
    states = set[str]()
    for _ in range(40):
        wanted = {sku: chance.randint(1, 9) for sku in chance.sample(skus, chance.randint(1, 3))}
        holder = f"shopper-{chance.randrange(4)}"
        move: Callable[[], Any] = chance.choice(
            (
                lambda w=wanted, h=holder: reserve(engine, h, w),
                lambda w=wanted, h=holder: deduct(engine, h, w),
                lambda w=wanted: restore(engine, w),
                lambda h=holder: reserve(engine, h, {}),
            )
        )
        await move()
        stock_sync.touched(skus)
        await stock_sync.refresh()
        state = await derived(engine)
        states.add(repr(state))
        assert state == await expected(engine)
    assert len(states) > 10, "the moves moved something"


async def derived(engine: AsyncEngine) -> tuple[Any, ...]:
    """Everything derived from stock, as stored."""
    return (
        {row.id: (row.stock, row.traits) for row in await fetch(engine, select(products))},
        {(row.category, row.product_id): row.in_stock for row in await fetch(engine, select(listings))},
        sorted(tuple(row) for row in await fetch(engine, select(facets))),
    )


async def expected(engine: AsyncEngine) -> tuple[Any, ...]:
    """The same, as an import of the current catalogue would write it."""
    numbers = {row.handle: row.id for row in await fetch(engine, select(products.c.handle, products.c.id))}
    rows: dict[int, Any] = {}
    listed: dict[Any, bool] = {}
    async for product in CatalogRepository(engine, "EUR").everything():
        key = numbers[product.handle]
        row = product_row(key, product, lambda price: price.amount, 0)
        rows[key] = (row["stock"], row["traits"])
        listed |= {(r["category"], key): r["in_stock"] for r in listing_rows(key, product, lambda price: price.amount)}
    async with engine.connect() as connection:  # and rolled back
        await CatalogWriter(connection, "EUR", lambda price: price.amount).finish()
        counted = sorted(tuple(row) for row in await connection.execute(select(facets)))
    return rows, listed, counted


async def test_the_background_sees_to_what_is_noted_and_to_what_is_over(
    stock_sync: StockSync, repository: CatalogRepository, clock: Clock
) -> None:
    await seize(stock_sync.engine, "ada", "BOWL", 3)
    await stock_sync.start()
    await until_listed(repository, ["mug", "spoon", "candle"])  # found at the start
    await deduct(stock_sync.engine, "bob", {"MUG-M": 8})
    stock_sync.touched(["MUG-M"])
    await until_listed(repository, ["spoon", "candle"])
    clock.now = SOON
    stock_sync.touched([])
    await until_listed(repository, ["bowl", "spoon", "candle"])
    assert await reserved_stock(stock_sync.engine) == {}


@pytest.mark.parametrize("steps", range(6))
async def test_it_ends_when_an_order_comes_in_just_then(engine: AsyncEngine, steps: int) -> None:
    """A change and the cancellation may arrive in one step of the loop: neither may hide the other."""
    stock_sync = StockSync(engine, "EUR")
    await stock_sync.start()
    while not stock_sync._reconcile_due:
        await asyncio.sleep(0.01)
    stock_sync.touched(["MUG-M"])
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(15):
        await stock_sync.close()


async def until_listed(repository: CatalogRepository, handles: list[str]) -> None:
    async with asyncio.timeout(15):
        while [one.handle for one in (await repository.page(Query(in_stock=True))).listings] != handles:
            await asyncio.sleep(0.02)


async def test_what_is_noted_waits_for_the_database(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    away = StockSync(create_engine("postgresql://nobody@127.0.0.1:1/nothing"), "EUR")
    away.touched(["BOWL"])
    await away.start()
    async with asyncio.timeout(15):
        while not caplog.messages:
            await asyncio.sleep(0.02)
    assert caplog.messages[0].startswith(
        "Stock sync failed, pages may show old stock, will retry: The shop's database does not answer"
    )
    engine = away.engine = create_engine(sqlite_url)
    await fill(engine, BOWL)
    await deduct(engine, "ada", {"BOWL": 3})
    await away.close()
    assert (await CatalogRepository(engine, "EUR").page(Query(in_stock=True))).total == 0
    assert await on_sale(engine) == {"BOWL": 0}
    await engine.dispose()

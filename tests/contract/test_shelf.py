"""What pages are told of stock, on every database: soon, together, and as an import would have written it."""

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
from shop.catalog.stock.derived import out_of_step
from shop.catalog.stock.sync import StockSync
from shop.catalog.writing.derived import json, listing_rows, product_row
from shop.catalog.writing.writer import CatalogWriter
from shop.database import create_engine, fetch, writing
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.shop_app import Clock
from tests.fixtures.stock import SOON, give_back, hold, on_sale, set_aside, take

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
async def shelf(engine: AsyncEngine, clock: Clock) -> AsyncIterator[StockSync]:
    await fill(engine, MUG, BOWL, SPOON, CANDLE, LAMP)
    shelf = StockSync(engine, "EUR", clock)
    yield shelf
    await shelf.close()


@pytest.fixture
def repository(engine: AsyncEngine) -> CatalogRepository:
    return CatalogRepository(engine, "EUR")


async def take_and_tell(shelf: StockSync, holder: str, **wanted: int) -> None:
    skus = {sku.replace("_", "-"): pieces for sku, pieces in wanted.items()}
    assert await take(shelf.engine, holder, skus) is None
    shelf.touched(skus)
    await shelf.refresh()


async def test_pages_show_what_is_left(shelf: StockSync, repository: CatalogRepository) -> None:
    version = await repository.version()
    await take_and_tell(shelf, "ada", MUG_M=6, BOWL=3)
    assert await repository.version() == version + 1, "once for all that changed"
    mug, bowl = (await repository.page(Query(sort="name"))).listings[2], (await repository.product("bowl"))
    assert (mug.handle, mug.stock) == ("mug", 2)
    assert bowl is not None
    assert (bowl.variants[0].stock, bowl.variants[0].held) == (0, 0)
    in_stock = await repository.page(Query(in_stock=True))
    assert [listing.handle for listing in in_stock.listings] == ["mug", "spoon", "candle"]
    large = CatalogRepository(shelf.engine, "EUR", crowd=1)
    assert [listing.handle for listing in (await large.page(Query(in_stock=True))).listings] == [
        "mug",
        "spoon",
        "candle",
    ]
    assert [value.count for value in (await large.page(Query())).facets[-1].values] == [3]


async def test_pages_are_left_alone_where_they_show_the_same(shelf: StockSync, repository: CatalogRepository) -> None:
    version = await repository.version()
    await take_and_tell(shelf, "ada", SPOON=90, CANDLE=99)
    assert await hold(shelf.engine, "ada", {"SPOON": 99}) == {"SPOON": 99}
    await give_back(shelf.engine, {"LAMP": 1})
    shelf.touched(["SPOON", "LAMP", "nothing"])
    await shelf.refresh()
    assert await repository.version() == version
    spoon = next(one for one in (await repository.page(Query())).listings if one.handle == "spoon")
    assert spoon.stock == 4811, "though what is left is known"


async def test_the_last_pieces_at_a_checkout_are_told_from_sold_ones(
    shelf: StockSync, repository: CatalogRepository
) -> None:
    async def held() -> tuple[int | None, int]:
        shelf.touched(["BOWL"])
        await shelf.refresh()
        offer = (await repository.offers(["BOWL"]))["BOWL"]
        return offer.stock, offer.held

    await hold(shelf.engine, "ada", {"BOWL": 3})
    assert await held() == (0, 3)
    version = await repository.version()
    assert await take(shelf.engine, "ada", {"BOWL": 3}) is None
    assert await held() == (0, 0)
    assert await repository.version() == version + 1, "no stock has changed, but what is said of it has"


async def test_a_holder_has_what_is_set_aside_for_them(shelf: StockSync, repository: CatalogRepository) -> None:
    await hold(shelf.engine, "ada", {"BOWL": 2})
    await hold(shelf.engine, "bob", {"BOWL": 1})
    catalog = CachedCatalog(repository)
    await catalog.start()
    try:
        seen = {who: (await catalog.offers(["BOWL", "CANDLE"], who))["BOWL"] for who in ("", "ada", "bob", "eve")}
    finally:
        await catalog.close()
    assert {who: (offer.stock, offer.held) for who, offer in seen.items()} == {
        "": (0, 3),
        "ada": (2, 1),
        "bob": (1, 2),
        "eve": (0, 3),
    }


async def test_what_nobody_noted_is_found(shelf: StockSync, repository: CatalogRepository) -> None:
    version = await repository.version()
    await shelf.heal()
    assert await repository.version() == version, "nothing was to be found"
    await take(shelf.engine, "ada", {"SPOON": 1000})
    await shelf.heal()
    assert await derived(shelf.engine) == await expected(shelf.engine)
    await hold(shelf.engine, "ada", {"BOWL": 3})
    await shelf.heal()
    assert (await repository.page(Query(in_stock=True))).total == 3
    await hold(shelf.engine, "ada", {})
    async with writing(shelf.engine) as connection:  # the sum stays
        await connection.execute(
            text("UPDATE variants SET stock = CASE sku WHEN 'MUG-M' THEN 7 ELSE 1 END WHERE sku IN ('MUG-M', 'MUG-C')")
        )
    await shelf.heal()
    assert await derived(shelf.engine) == await expected(shelf.engine)


async def test_what_is_told_is_found_wherever_the_stored_traits_have_it(
    shelf: StockSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database reads the stored traits by position: by that of the struct, whatever its order."""
    names = ("told", *(name for name in Traits.__struct_fields__ if name != "told"))
    reordered = msgspec.defstruct("Reordered", names, array_like=True)
    stored = await fetch(shelf.engine, select(products.c.id, products.c.traits))
    async with writing(shelf.engine) as connection:
        for row in stored:
            moved = json(reordered(**msgspec.structs.asdict(rows.traits(row.traits))))
            await connection.execute(update(products).where(products.c.id == row.id).values(traits=moved))
    monkeypatch.setattr("shop.catalog.stock.derived.Traits", reordered)
    statement = out_of_step(shelf.engine.dialect.name)
    assert await fetch(shelf.engine, statement) == []
    await hold(shelf.engine, "ada", {"BOWL": 3})
    bowl = await fetch(shelf.engine, select(products.c.id).where(products.c.handle == "bowl"))
    assert await fetch(shelf.engine, statement) == bowl


async def test_a_refresh_writes_what_an_import_would(engine: AsyncEngine, shelf: StockSync) -> None:
    chance, skus = random.Random(7), ["MUG-M", "MUG-C", "BOWL", "SPOON", "CANDLE", "LAMP"]
    states = set[str]()
    for _ in range(40):
        wanted = {sku: chance.randint(1, 9) for sku in chance.sample(skus, chance.randint(1, 3))}
        holder = f"shopper-{chance.randrange(4)}"
        move: Callable[[], Any] = chance.choice(
            (
                lambda w=wanted, h=holder: hold(engine, h, w),
                lambda w=wanted, h=holder: take(engine, h, w),
                lambda w=wanted: give_back(engine, w),
                lambda h=holder: hold(engine, h, {}),
            )
        )
        await move()
        shelf.touched(skus)
        await shelf.refresh()
        state = await derived(engine)
        states.add(repr(state))
        assert state == await expected(engine)
    assert len(states) > 10, "the moves moved something"


async def derived(engine: AsyncEngine) -> tuple[Any, ...]:
    """All that is derived from stock, as it is stored."""
    return (
        {row.id: (row.stock, row.traits) for row in await fetch(engine, select(products))},
        {(row.category, row.product_id): row.in_stock for row in await fetch(engine, select(listings))},
        sorted(tuple(row) for row in await fetch(engine, select(facets))),
    )


async def expected(engine: AsyncEngine) -> tuple[Any, ...]:
    """The same, as an import of the catalogue as it is now would write it."""
    numbers = {row.handle: row.id for row in await fetch(engine, select(products.c.handle, products.c.id))}
    rows: dict[int, Any] = {}
    listed: dict[Any, bool] = {}
    async for product in CatalogRepository(engine, "EUR").everything():
        key = numbers[product.handle]
        row = product_row(key, product, lambda price: price.amount, 0)
        rows[key] = (row["stock"], row["traits"])
        listed |= {(r["category"], key): r["in_stock"] for r in listing_rows(key, product, lambda price: price.amount)}
    async with engine.connect() as connection:  # and rolled back
        await CatalogWriter(connection, "EUR", lambda price: price.amount).settle()
        counted = sorted(tuple(row) for row in await connection.execute(select(facets)))
    return rows, listed, counted


async def test_the_background_sees_to_what_is_noted_and_to_what_is_over(
    shelf: StockSync, repository: CatalogRepository, clock: Clock
) -> None:
    await hold(shelf.engine, "ada", {"BOWL": 3})
    await shelf.start()
    await until_listed(repository, ["mug", "spoon", "candle"])  # found at the start
    await take(shelf.engine, "bob", {"MUG-M": 8})
    shelf.touched(["MUG-M"])
    await until_listed(repository, ["spoon", "candle"])
    clock.now = SOON
    shelf.touched([])
    await until_listed(repository, ["bowl", "spoon", "candle"])
    assert await set_aside(shelf.engine) == {}


@pytest.mark.parametrize("steps", range(6))
async def test_it_ends_when_an_order_comes_in_just_then(engine: AsyncEngine, steps: int) -> None:
    """What it waits for and the word to end may come in one step of the loop: neither may hide the other."""
    shelf = StockSync(engine, "EUR")
    await shelf.start()
    while not shelf._heal_due:
        await asyncio.sleep(0.01)
    shelf.touched(["MUG-M"])
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(15):
        await shelf.close()


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
        "The pages are not in step with stock yet: The shop's database does not answer"
    )
    engine = away.engine = create_engine(sqlite_url)
    await fill(engine, BOWL)
    await take(engine, "ada", {"BOWL": 3})
    await away.close()
    assert (await CatalogRepository(engine, "EUR").page(Query(in_stock=True))).total == 0
    assert await on_sale(engine) == {"BOWL": 0}
    await engine.dispose()

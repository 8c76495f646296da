"""The catalogue's cache: no query when warm, no wait for the version, and it survives an unavailable database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import Query
from shop.catalog.reading.cache import POLL_SECONDS, STALE_SECONDS, CachedCatalog
from shop.catalog.reading.repository import CatalogRepository
from shop.database import create_engine
from shop.errors import StoreUnavailable
from shop.lru import Lru
from tests.fixtures.catalog import a_product, fill, import_text
from tests.fixtures.stock import reserve

HEAD = "Handle,Title,Variant SKU,Variant Price\n"
COUNTED = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n"


class Database:
    """Wraps a repository: records calls, and can delay or fail them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.repository = CatalogRepository(engine, "EUR")
        self.asked: list[str] = []
        self.away = False
        self.open = asyncio.Event()
        self.open.set()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def ask(*given: Any) -> Any:
            self.asked.append(name)
            await self.open.wait()
            if self.away:
                raise StoreUnavailable("The database is away.")
            return await getattr(self.repository, name)(*given)

        return ask


@pytest.fixture
async def engine(sqlite_url: str) -> Any:
    engine = create_engine(sqlite_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def database(engine: AsyncEngine) -> Database:
    await fill(engine, a_product("mug"), a_product("bowl", categories=("Tableware",)))
    return Database(engine)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def catalog(database: Database, clock: Clock) -> Any:
    catalog = CachedCatalog(database, clock)  # type: ignore[arg-type]
    await catalog.start()
    database.asked.clear()
    yield catalog
    database.open.set()
    await catalog.close()


async def read_everything(catalog: CachedCatalog) -> list[Any]:
    return [
        await catalog.product("mug"),
        await catalog.offers(["MUG", "BOWL", "gone"]),
        await catalog.page(Query()),
        await catalog.page(Query(q="mug")),
        await catalog.categories(),
        await catalog.related("mug"),
    ]


async def settled(catalog: CachedCatalog) -> None:
    """Wait for the running poll of the version, if any."""
    if catalog._poll is not None:
        await catalog._poll


async def test_a_warm_cache_makes_no_call(catalog: CachedCatalog, database: Database) -> None:
    first = await read_everything(catalog)
    assert len(database.asked) == 6
    database.asked.clear()
    assert await read_everything(catalog) == first
    assert database.asked == []


async def test_what_was_found_in_one_language_is_no_answer_in_another(catalog: CachedCatalog) -> None:
    found = [(await catalog.page(Query(q="geschirr"), language)).total for language in ("", "de", "ar", "de")]
    assert found == [0, 1, 0, 1]


async def test_a_warm_cache_makes_no_query(engine: AsyncEngine) -> None:
    await fill(engine, a_product("mug"))
    catalog = CachedCatalog(CatalogRepository(engine, "EUR"))
    await catalog.start()
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    await catalog.page(Query())
    await catalog.product("mug")
    assert len(statements) == 2, "one query each"
    await catalog.page(Query())
    await catalog.product("mug")
    assert len(statements) == 2
    await catalog.close()


async def test_only_what_is_missing_is_asked_for(catalog: CachedCatalog, database: Database) -> None:
    await catalog.offers(["MUG", "gone"])
    database.asked.clear()
    assert set(await catalog.offers(["MUG", "gone"])) == {"MUG"}
    assert database.asked == []
    assert set(await catalog.offers(["MUG", "BOWL"])) == {"MUG", "BOWL"}
    assert database.asked == ["offers"]


async def test_reservations_are_read_only_if_an_offer_has_any(
    catalog: CachedCatalog, database: Database, engine: AsyncEngine, clock: Clock
) -> None:
    await import_text(engine, COUNTED + "jug,Jug,JUG,5,shopify,3\n")
    await reserve(engine, "ada", {"JUG": 1})
    clock.now += POLL_SECONDS
    await catalog.offers(["MUG"])  # the first read after a while has the version looked up
    await settled(catalog)
    await catalog.offers(["MUG", "JUG"], "ada")
    database.asked.clear()
    await catalog.offers(["MUG"], "ada")
    await catalog.offers(["MUG", "JUG"])
    assert database.asked == []
    assert (await catalog.offers(["MUG", "JUG"], "ada"))["JUG"].stock == 3
    assert database.asked == ["reserved_by"]
    database.away = True
    assert (await catalog.offers(["MUG", "JUG"], "ada"))["JUG"].stock == 2, "while it is away, it is nobody's"


async def test_a_missing_product_is_not_cached(catalog: CachedCatalog, database: Database) -> None:
    assert await catalog.product("nothing") is None
    assert await catalog.product("nothing") is None
    assert database.asked == ["product", "product"]


async def test_an_import_shows_after_the_next_poll(
    catalog: CachedCatalog, database: Database, engine: AsyncEngine, clock: Clock
) -> None:
    await read_everything(catalog)
    before = catalog.version
    await import_text(engine, HEAD + "mug,Better Mug,MUG,5\n")
    clock.now += POLL_SECONDS - 0.1
    assert (await catalog.product("mug")).title == "Mug"  # type: ignore[union-attr]
    clock.now += 0.1
    assert (await catalog.product("mug")).title == "Mug", "nobody waits for the look"  # type: ignore[union-attr]
    await settled(catalog)
    assert (await catalog.product("mug")).title == "Better Mug"  # type: ignore[union-attr]
    assert (await catalog.page(Query())).listings[0].title == "Better Mug"
    assert (await catalog.offers(["MUG"]))["MUG"].price.amount == 500
    assert catalog.version == before + 1


async def test_after_a_quiet_time_the_first_reader_sees_the_change(
    catalog: CachedCatalog, engine: AsyncEngine, clock: Clock
) -> None:
    await read_everything(catalog)
    await import_text(engine, HEAD + "mug,Better Mug,MUG,5\n")
    clock.now += STALE_SECONDS + 1
    assert (await catalog.product("mug")).title == "Better Mug"  # type: ignore[union-attr]


async def test_a_hung_database_delays_the_first_reader_after_a_quiet_time_once(
    catalog: CachedCatalog, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.catalog.reading.cache.PATIENCE_SECONDS", 0.01)
    known = await read_everything(catalog)
    database.open.clear()
    clock.now += STALE_SECONDS + 1
    assert await asyncio.wait_for(read_everything(catalog), 10) == known


async def test_revalidate_polls_with_the_next_read(catalog: CachedCatalog, engine: AsyncEngine) -> None:
    await catalog.offers(["MUG"])
    await import_text(engine, HEAD + "mug,Mug,MUG,5\n")
    catalog.revalidate()
    await catalog.offers(["MUG"])
    await settled(catalog)
    assert (await catalog.offers(["MUG"]))["MUG"].price.amount == 500


async def test_asking_for_the_version_keeps_it_up_to_date(
    catalog: CachedCatalog, engine: AsyncEngine, clock: Clock
) -> None:
    before = catalog.version
    await import_text(engine, HEAD + "mug,Better Mug,MUG,5\n")
    clock.now += POLL_SECONDS
    assert catalog.version == before
    await settled(catalog)
    assert catalog.version == before + 1


async def test_without_reads_there_is_no_poll(catalog: CachedCatalog, database: Database, clock: Clock) -> None:
    clock.now += 1000 * POLL_SECONDS
    await asyncio.sleep(0)
    assert database.asked == []
    assert catalog.version
    assert catalog.version
    await settled(catalog)
    assert database.asked == ["version"]


async def test_a_slow_database_delays_only_uncached_reads(
    catalog: CachedCatalog, database: Database, clock: Clock
) -> None:
    known = await read_everything(catalog)
    database.open.clear()
    clock.now += POLL_SECONDS
    assert await asyncio.wait_for(read_everything(catalog), 10) == known
    unknown = asyncio.ensure_future(catalog.product("bowl"))
    await asyncio.sleep(0)
    assert not unknown.done()
    database.open.set()
    assert (await unknown).handle == "bowl"  # type: ignore[union-attr]


async def test_without_a_database_cached_values_are_served(
    catalog: CachedCatalog, database: Database, clock: Clock
) -> None:
    known, version = await read_everything(catalog), catalog.version
    database.away = True
    clock.now += POLL_SECONDS
    assert await read_everything(catalog) == known
    await settled(catalog)
    assert await read_everything(catalog) == known
    assert catalog.version == version
    with pytest.raises(StoreUnavailable):
        await catalog.product("bowl")
    with pytest.raises(StoreUnavailable):
        await catalog.offers(["MUG", "unheard-of"])
    database.away = False
    assert (await catalog.product("bowl")) is not None


async def test_it_starts_without_a_database(database: Database) -> None:
    database.away = True
    catalog = CachedCatalog(database)  # type: ignore[arg-type]
    await catalog.start()
    assert catalog.version == 0
    await catalog.close()


async def test_concurrent_reads_share_one_query(catalog: CachedCatalog, database: Database) -> None:
    database.open.clear()
    waiting = [asyncio.ensure_future(catalog.page(Query())) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    database.open.set()
    pages = await asyncio.gather(*waiting[1:])
    assert all(page is pages[0] for page in pages)
    assert database.asked == ["page"], "and one of them going away takes it from nobody"


async def test_concurrent_orders_of_the_same_goods_share_one_query(catalog: CachedCatalog, database: Database) -> None:
    database.open.clear()
    asked = (["MUG", "BOWL"], ["BOWL", "MUG"]) * 25
    waiting = [asyncio.ensure_future(catalog.offers(skus)) for skus in asked]
    await asyncio.sleep(0)
    waiting[0].cancel()
    database.open.set()
    assert all(set(offers) == {"MUG", "BOWL"} for offers in await asyncio.gather(*waiting[1:]))
    assert database.asked == ["offers"]


async def test_a_read_during_a_change_is_not_cached(
    catalog: CachedCatalog, database: Database, engine: AsyncEngine, clock: Clock
) -> None:
    old = await database.repository.product("mug")
    held = asyncio.Event()

    async def slow_old_answer() -> Any:
        await held.wait()
        return old

    reading = asyncio.ensure_future(catalog._get("product", "mug", slow_old_answer))
    await asyncio.sleep(0)
    await import_text(engine, HEAD + "mug,Better Mug,MUG,5\n")
    clock.now += POLL_SECONDS
    assert catalog.version
    await settled(catalog)
    held.set()
    assert await reading == old
    assert (await catalog.product("mug")).title == "Better Mug"  # type: ignore[union-attr]


def test_the_least_recently_used_goes_first() -> None:
    lru = Lru[int](2)
    lru.put("a", 1)
    lru.put("b", 2)
    assert lru.get("a") == 1
    lru.put("c", 3)
    assert (lru.get("a"), lru.get("b"), lru.get("c")) == (1, None, 3)
    lru.put("c", 4)
    assert (lru.get("a"), lru.get("c")) == (1, 4)

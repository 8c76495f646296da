"""How often a page asks the database: seldom when cold, never when warm. The catalogue is the real one here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.demo import CATALOG
from shop.catalog.exchange_rates import read_rates
from shop.catalog.reading.cache import CachedCatalog
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.writing.importing import CatalogImport
from shop.database import create_engine
from shop.web.cart import recommended
from tests.fixtures.shop_app import HTMX, Client, CountingCarts, MakeClient

SEARCH = 5
"""What a search asks: two questions about its words, whether anything has all of them, how many do, and which."""


class Statements:
    """The SQL that an engine has sent."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.sent: list[str] = []
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "catalog.version" not in statement:  # asked in the background, every two seconds at most
            self.sent.append(statement)


@pytest.fixture
async def engine(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(sqlite_url)
    with CATALOG.open("rb") as source:
        await CatalogImport(engine, "EUR", read_rates()).run(source)
    yield engine
    await engine.dispose()


@pytest.fixture
async def shop(make_client: MakeClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setattr(recommended, "DEADLINE", 30)  # what is asked is counted here, however long it takes
    catalog = CachedCatalog(CatalogRepository(engine, "EUR"))
    await catalog.start()
    async with make_client(catalog=catalog) as client:
        await client.get("/about")  # the categories, which every page shows, are known from here on
        yield client
    await catalog.close()


@pytest.mark.parametrize(
    ("path", "cold"),
    [
        ("/", 1),
        ("/?category=tableware", 1),
        ("/?q=mug", SEARCH),
        ("/?q=mug&sort=price-asc&in_stock=1", SEARCH),
        ("/?option.Colour=Moss&page=2", 1),
        ("/product/tide-mug", 3),  # the product, what goes with it, and its reviews
        ("/recent?handles=tide-mug,reed-vase", 2),
        ("/recommended?handles=tide-mug,reed-vase", 2),
        ("/help", 0),
        ("/cart", 0),
    ],
)
async def test_a_page_asks_once_and_then_no_more(
    shop: Client, engine: AsyncEngine, carts: CountingCarts, path: str, cold: int
) -> None:
    statements = Statements(engine)
    first = await shop.get(path)
    assert first.status_code == 200
    assert len(statements.sent) == cold, statements.sent

    await shop.get(path, headers={"Cookie": "currency=USD"})  # price bands are those of the currency
    statements.sent.clear()
    for headers in ({}, {"Cookie": "cart_count=3"}, {"Cookie": "currency=USD"}, HTMX):
        assert (await shop.get(path, headers=headers)).status_code == 200
    assert statements.sent == []
    assert not carts.calls


async def test_an_add_to_a_warm_shop_asks_nothing(shop: Client, engine: AsyncEngine, carts: CountingCarts) -> None:
    form = {"product_id": "tide-mug", "variant_id": "TIDE-MUG-MOSS"}
    await shop.post("/cart", data=form, headers=HTMX)
    carts.calls.clear()

    statements = Statements(engine)
    for path in ("/cart", "/cart/lines/TIDE-MUG-MOSS"):
        reply = await shop.post(path, data={**form, "quantity": "1"}, headers=HTMX)
        assert reply.status_code == 200
    assert (await shop.get("/cart")).status_code == 200
    assert statements.sent == []
    assert carts.calls == {"apply": 2, "get": 1}


async def test_an_import_is_seen_by_a_running_shop(shop: Client, engine: AsyncEngine, tmp_path: Any) -> None:
    file = tmp_path / "new.csv"
    file.write_text("Title,URL handle,SKU,Price\nQuite New,quite-new,NEW,5.00\n")
    assert (await shop.get("/product/quite-new")).status_code == 404
    with file.open("rb") as source:
        await CatalogImport(engine, "EUR", read_rates()).run(source)
    assert (await shop.get("/product/quite-new")).status_code == 200

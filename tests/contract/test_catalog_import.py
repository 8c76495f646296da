"""What an import leaves in every database: all of a file or nothing, and the same the second time."""

from __future__ import annotations

import asyncio
import io
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.demo import CATALOG
from shop.catalog.exchange_rates import read_rates
from shop.catalog.model import Product, Query
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.stock.counting import StockBook
from shop.catalog.writing.export import export_catalog
from shop.catalog.writing.importing import CatalogImport, Report
from shop.catalog.writing.writer import CatalogWriter
from shop.database import create_engine, fetch, writing
from shop.errors import ImportRefused
from tests.fixtures.catalog import a_product, fill, import_text
from tests.fixtures.large_catalog import write_catalog
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
)

HEAD = "Handle,Title,Variant SKU,Variant Price,Status\n"
WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
COUNTED = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n"


async def everything(engine: AsyncEngine) -> list[Product]:
    return [product async for product in CatalogRepository(engine, "EUR").everything()]


async def exported(engine: AsyncEngine) -> str:
    file = io.StringIO(newline="")
    await export_catalog(CatalogRepository(engine, "EUR").everything(), file)
    return file.getvalue()


async def test_the_demo_catalogue_is_sold_in_the_order_of_its_file(engine: AsyncEngine) -> None:
    report = await import_text(engine, CATALOG.read_text())
    assert (report.added, report.warnings) == (36, ())
    repository = CatalogRepository(engine, "EUR")
    assert len(await repository.categories()) == 6
    assert [p.rank for p in await everything(engine)] == list(range(36))
    assert (await repository.page(Query(q="mug"))).listings[0].handle == "tide-mug"


async def test_a_second_time_changes_nothing(engine: AsyncEngine) -> None:
    repository = CatalogRepository(engine, "EUR")
    before = await repository.version()
    await import_text(engine, CATALOG.read_text())
    first, version = await everything(engine), await repository.version()
    assert version == before + 1
    report = await import_text(engine, CATALOG.read_text())
    assert (report.added, report.changed, report.unchanged, report.removed) == (0, 0, 36, 0)
    assert await everything(engine) == first
    assert await repository.version() == version


async def test_an_export_imports_as_the_same_catalogue(engine: AsyncEngine) -> None:
    await import_text(engine, CATALOG.read_text())
    before, file = await everything(engine), await exported(engine)
    report = await import_text(engine, file, replace=True)
    assert (report.unchanged, report.removed) == (36, 0)
    await import_text(engine, HEAD + "other,Other,1,1,", replace=True)
    assert [product.handle for product in await everything(engine)] == ["other"]
    await import_text(engine, file, replace=True)
    assert await everything(engine) == before
    assert await exported(engine) == file


async def test_one_bad_row_refuses_all_of_them(engine: AsyncEngine) -> None:
    await import_text(engine, HEAD + "a,A,1,1,")
    before, version = await everything(engine), await CatalogRepository(engine, "EUR").version()
    with pytest.raises(ImportRefused) as refused:
        await import_text(engine, HEAD + "a,New,1,2,\nb,B,2,x,\nc,,3,3,\nd,D,1,4,\n", replace=True)
    assert refused.value.rows == (
        "line 3: price 'x' is not a number",
        "line 4: title of 'c' is missing in the product's first row",
        "line 5: SKU '1' is already used on line 2",
    )
    assert await everything(engine) == before
    assert await CatalogRepository(engine, "EUR").version() == version


async def test_what_changed_is_written_and_the_rest_stays(engine: AsyncEngine) -> None:
    await import_text(engine, HEAD + "a,A,1,1,\nb,B,2,2,\nc,C,3,3,\n")
    before = await everything(engine)
    report = await import_text(engine, HEAD + "d,D,4,4,\nb,Better,2,2.50,\na,A,1,1,\n")
    assert (report.added, report.changed, report.unchanged, report.removed) == (1, 1, 1, 0)
    after = await everything(engine)
    assert [product.title for product in after] == ["A", "Better", "C", "D"]
    assert [after[0], after[2]] == [before[0], before[2]]
    assert after[1].created_at == before[1].created_at
    page = await CatalogRepository(engine, "EUR").page(Query(q="better"))
    assert [listing.price.amount for listing in page.listings] == [250]
    assert (await CatalogRepository(engine, "EUR").page(Query(q="b"))).total == 1, "the old words are forgotten"


async def test_what_was_translated_since_is_found_when_the_catalogue_is_indexed_anew(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, german = CatalogRepository(engine, "EUR"), Query(q="geschirr")
    with monkeypatch.context() as before:
        before.setattr("shop.catalog.writing.writer.known", lambda: ("en",))
        await fill(engine, a_product("mug", categories=("Tableware",)), a_product("draft", published=False))
    version = await repository.version()
    assert (await repository.page(german, "de")).total == 0
    assert await CatalogImport(engine, "EUR", read_rates()).reindex() == 1
    assert (await repository.page(german, "de")).total == 1
    assert (await repository.page(Query(q="mug"))).total == 1
    assert await repository.version() == version + 1


async def test_replacing_takes_out_the_others_and_ranks_anew(engine: AsyncEngine) -> None:
    await import_text(engine, HEAD + "a,A,1,1,\nb,B,2,2,\nc,C,3,3,\n")
    report = await import_text(engine, HEAD + "c,C,3,3,\na,A,1,1,\n", replace=True)
    assert report.removed == 1
    assert [product.handle for product in await everything(engine)] == ["c", "a"]
    assert (await CatalogRepository(engine, "EUR").page(Query())).total == 2


async def test_a_sku_moves_between_products_of_a_file(engine: AsyncEngine) -> None:
    await import_text(engine, HEAD + "a,A,1,1,\nb,B,2,2,\n")
    await import_text(engine, HEAD + "a,A,2,1,\nb,B,1,2,\n")
    offers = await CatalogRepository(engine, "EUR").offers(["1", "2"])
    assert {sku: offer.handle for sku, offer in offers.items()} == {"1": "b", "2": "a"}


async def test_a_sku_of_a_product_that_stays_is_refused(engine: AsyncEngine) -> None:
    await import_text(engine, HEAD + "a,A,1,1,\n")
    with pytest.raises(ImportRefused) as refused:
        await import_text(engine, HEAD + "b,B,2,2,\nc,C,1,1,\n")
    assert refused.value.rows == ("line 3: SKU '1' belongs to 'a' in the catalogue",)
    assert (await import_text(engine, HEAD + "c,C,1,1,\n", replace=True)).removed == 1


async def test_prices_in_other_currencies_are_ordered_by_their_worth(engine: AsyncEngine) -> None:
    await import_text(engine, HEAD + "euros,Euros,1,1.00,\n")
    await import_text(engine, HEAD + "yen,Yen,2,120,\n", prices_in="JPY")
    await import_text(engine, HEAD + "dollars,Dollars,3,2.00,\n", prices_in="USD")
    page = await CatalogRepository(engine, "EUR").page(Query(sort="price-asc"))
    assert [listing.handle for listing in page.listings] == ["yen", "euros", "dollars"]
    assert [listing.price.currency for listing in page.listings] == ["JPY", "EUR", "USD"]
    with pytest.raises(ImportRefused) as refused:
        await import_text(engine, HEAD + "francs,Francs,4,2.00,\n", prices_in="CHF")
    assert refused.value.rows == ("line 2: there is no exchange rate for CHF",)


async def test_a_draft_is_kept_but_not_sold(engine: AsyncEngine) -> None:
    await import_text(engine, HEAD + "a,A,1,1,draft\nb,B,2,2,Active\n")
    assert [product.published for product in await everything(engine)] == [False, True]
    assert (await CatalogRepository(engine, "EUR").page(Query())).total == 1
    await import_text(engine, HEAD + "a,A,1,1,active\nb,B,2,2,archived\n")
    assert [listing.handle for listing in (await CatalogRepository(engine, "EUR").page(Query())).listings] == ["a"]


@pytest.mark.parametrize(
    "text", ["", "\ufeff", "Handle,Title\na,A\n", HEAD, "{}", "[]", "[1", '{"products": 3}', "\x00PK"]
)
async def test_a_file_that_is_no_catalogue_is_refused(engine: AsyncEngine, text: str) -> None:
    with pytest.raises(ImportRefused):
        await import_text(engine, text, replace=True)


async def test_several_batches_of_products(engine: AsyncEngine, tmp_path: Path) -> None:
    write_catalog(tmp_path / "large.csv", 1200)
    text = (tmp_path / "large.csv").read_text()
    assert (await import_text(engine, text)).added == 1200
    assert (await import_text(engine, text)).unchanged == 1200
    repository = CatalogRepository(engine, "EUR")
    assert (await repository.page(Query())).total == 1200
    half = "".join(text.splitlines(keepends=True)[:1300])
    report = await import_text(engine, half, replace=True)
    assert report.removed > 500
    assert report.removed + report.unchanged + report.changed == 1200
    assert [product.rank for product in await everything(engine)] == list(range(1200 - report.removed))
    assert len([product async for product in repository.published()]) == 1200 - report.removed


async def test_an_unwritten_file_leaves_dates_and_ranks(engine: AsyncEngine) -> None:
    dated = "Handle,Title,Variant Price,Created at\n"
    await import_text(engine, dated + "a,A,1,2025-01-31\nb,B,1,2025-02-28T10:00:00Z\n")
    before = await everything(engine)
    assert [product.created_at for product in before] == [1738281600, 1740736800]
    await import_text(engine, HEAD + "b,B,b,3,\n")
    changed = (await everything(engine))[1]
    assert changed == msgspec.structs.replace(before[1], variants=changed.variants)


async def sell(engine: AsyncEngine, number: str, sku: str, quantity: int) -> None:
    """Sell units to a paid order, which is not shipped yet."""
    await hold(engine, "", number, {sku: quantity})
    assert await commit(engine, number, {sku: quantity}) is None


async def test_what_was_sold_since_the_export_is_not_on_sale_again(engine: AsyncEngine) -> None:
    await import_text(engine, COUNTED + "mug,Mug,MUG,1,shopify,10\n")
    file = await exported(engine)
    for number in range(4):
        await sell(engine, f"N{number}", "MUG", 2)
    corrected = file.replace("Mug", "Mug Fixed")
    for stock in (False, True):
        report = await import_text(engine, corrected, stock=stock)
        assert (report.changed, report.stock_left) == (0 if stock else 1, 0)
        assert await level(engine, "MUG") == (2, 0, 8)
    assert (await everything(engine))[0].title == "Mug Fixed"
    await hand_over(engine, "N0")
    assert (await import_text(engine, file, stock=True)).changed == 1, "the title"
    assert await level(engine, "MUG") == (2, 0, 6), "what has left the shop since does not come back"


async def test_an_exported_file_is_imported_as_a_difference(engine: AsyncEngine) -> None:
    await import_text(engine, COUNTED + "mug,Mug,MUG,1,shopify,10\nbowl,Bowl,BOWL,1,shopify,5\n")
    file = await exported(engine)
    await sell(engine, "ONE", "MUG", 2)
    await hand_over(engine, "ONE")
    more = file.replace(",shopify,10,10,", ",shopify,15,10,")
    assert more != file
    report = await import_text(engine, more)
    assert (report.changed, report.stock_left) == (0, 1)
    assert await level(engine, "MUG") == (8, 0, 0)
    assert (await import_text(engine, more, stock=True)).changed == 1
    assert await level(engine, "MUG") == (13, 0, 0)
    (change,) = await StockBook(engine).history("MUG", 5)
    assert (change.kind, change.before, change.after, change.who) == ("imported", 8, 13, "tester")


async def test_a_file_from_elsewhere_sets_what_is_on_hand(engine: AsyncEngine) -> None:
    file = COUNTED + "a,A,A,1,shopify,5\nb,B,B,1,shopify,4\n"
    await import_text(engine, file)
    await reserve(engine, "ada", {"A": 2})
    await sell(engine, "ONE", "B", 3)
    version = await CatalogRepository(engine, "EUR").version()
    assert (await import_text(engine, file, stock=True)).unchanged == 2, "a count finds what is sold and still here"
    assert await CatalogRepository(engine, "EUR").version() == version
    assert (await import_text(engine, COUNTED + "a,A,A,1,shopify,9\nb,B,B,1,shopify,1\n", stock=True)).changed == 2
    assert await level(engine, "A") == (7, 2, 0)
    assert await level(engine, "B") == (0, 0, 3), "what is sold stays sold"
    in_stock = await CatalogRepository(engine, "EUR").page(Query(in_stock=True))
    assert [listing.handle for listing in in_stock.listings] == ["a"]
    assert await deduct(engine, "ada", {"A": 2}) is None, "who was promised a unit gets it"
    assert await on_sale(engine) == {"A": 7, "B": 0}


async def test_a_file_without_stock_cannot_set_it(engine: AsyncEngine) -> None:
    await import_text(engine, COUNTED + "a,A,A,1,shopify,5\n")
    with pytest.raises(ImportRefused, match="no column for the quantity"):
        await import_text(engine, HEAD + "a,A,A,2,\n", stock=True)
    await import_text(engine, HEAD + "a,A,A,2,\n")
    assert await on_sale(engine) == {"A": 5}


async def test_what_is_promised_of_a_product_that_goes_is_kept_when_it_comes_back(engine: AsyncEngine) -> None:
    file = COUNTED + "a,A,A,1,shopify,6\nb,B,B,1,shopify,5\n"
    await import_text(engine, file)
    await reserve(engine, "ada", {"A": 2})
    await sell(engine, "ONE", "A", 1)
    await import_text(engine, COUNTED + "b,B,B,1,shopify,5\n", replace=True)
    assert await on_sale(engine) == {"B": 5}
    assert await deduct(engine, "ada", {"A": 2}) == {"A": 0}
    await import_text(engine, file)
    assert await level(engine, "A") == (3, 2, 1)
    assert await release(engine, SOON) == {"A"}
    assert await level(engine, "A") == (5, 0, 1)


async def test_a_renamed_sku_keeps_its_stock_its_promises_and_its_history(engine: AsyncEngine) -> None:
    head = "Handle,Title,Option1 name,Option1 value,Variant SKU,Variant Price,Variant Inventory Tracker,"
    head += "Variant Inventory Qty\n"
    rows = "mug,Mug,Colour,Red,{},1,shopify,9\nmug,,,Blue,BLUE,1,shopify,9\n"
    await import_text(engine, head + rows.format("OLD"))
    await reserve(engine, "ada", {"OLD": 1})
    await sell(engine, "ONE", "OLD", 3)
    await StockBook(engine).change(["OLD"], lambda _sku, before: (before or 0) + 1, "added", reason="found", who="eve")
    await import_text(engine, head + rows.format("NEW"))
    assert await level(engine, "NEW") == (6, 1, 3)
    assert "OLD" not in await on_sale(engine)
    assert [change.kind for change in await StockBook(engine).history("NEW", 5)] == ["renamed", "added"]
    # What an order had under the old name comes back to the new one.
    await restore(engine, {"OLD": 2})
    assert await level(engine, "NEW") == (8, 1, 3)
    assert await hand_over(engine, "ONE") == {"NEW": 3}


async def test_a_limit_that_comes_or_goes_meets_the_checkouts_of_the_moment(engine: AsyncEngine) -> None:
    limited, endless = COUNTED + "a,A,A,1,shopify,5\n", COUNTED + "a,A,A,1,,\n"
    await import_text(engine, limited)
    await reserve(engine, "ada", {"A": 2})
    await import_text(engine, endless)
    assert await on_sale(engine) == {"A": 3}, "a limit is stock too"
    await import_text(engine, endless, stock=True)
    assert await on_sale(engine) == {"A": None}
    assert await reserve(engine, "ada", {"A": 9}) == {"A": 9}
    assert await ends(engine, "ada") == {}
    await import_text(engine, limited, stock=True)
    assert await on_sale(engine) == {"A": 5}


async def test_orders_go_on_while_a_file_is_compared(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await import_text(engine, COUNTED + "a,A,A,1,shopify,5\n")
    compare, sold = CatalogImport._compare, []

    async def comparing(self: CatalogImport, *given: Any) -> Report:
        report = await compare(self, *given)
        async with asyncio.timeout(10):
            sold.append(await deduct(engine, "", {"A": 1}))
        return report

    monkeypatch.setattr(CatalogImport, "_compare", comparing)
    assert (await import_text(engine, COUNTED + "a,New,A,1,shopify,5\n")).changed == 1
    assert sold == [None]
    assert await on_sale(engine) == {"A": 4}


async def test_of_two_imports_at_once_the_second_compares_again(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_text(engine, HEAD + "a,A,A,1,\nb,B,B,2,\n")
    compare, others = CatalogImport._compare, [HEAD + "b,Other,B,2,\nc,C,C,3,\n"]

    async def comparing(self: CatalogImport, *given: Any) -> Report:
        report = await compare(self, *given)
        if others:
            await import_text(engine, others.pop())
        return report

    monkeypatch.setattr(CatalogImport, "_compare", comparing)
    report = await import_text(engine, HEAD + "a,New,A,1,\nb,B,B,2,\nd,D,D,4,\n")
    assert (report.changed, report.added) == (2, 1), "what the other has changed is changed back"
    assert [product.title for product in await everything(engine)] == ["New", "B", "C", "D"]


async def test_checkouts_and_imports_of_one_moment_lose_no_piece(engine: AsyncEngine) -> None:
    skus = [f"S{number}" for number in range(6)]
    chance = random.Random(4)

    def file(title: str) -> str:
        return COUNTED + "".join(f"{sku.lower()},{title},{sku},1,shopify,20\n" for sku in chance.sample(skus, 6))

    async def check_out(holder: str) -> None:
        for _ in range(6):
            await reserve(engine, holder, {sku: chance.randint(1, 3) for sku in chance.sample(skus, 4)}, until=NOW + 1)
            await (reserve(engine, holder, {}) if chance.random() < 0.5 else release(engine, NOW + 1, limit=2))

    async def import_often(name: str) -> None:
        for number in range(3):
            assert (await import_text(engine, file(f"{name}{number}"))).changed == 6

    await import_text(engine, file("First"))
    await asyncio.gather(*(check_out(f"shopper-{number}") for number in range(8)), import_often("Next"))
    held = await reserved_stock(engine)
    assert {sku: (pieces or 0) + held.get(sku, 0) for sku, pieces in (await on_sale(engine)).items()} == dict.fromkeys(
        skus, 20
    )


async def test_an_order_that_waits_for_an_import_finds_its_piece(postgres_url: str) -> None:
    """The import has written the row that the order waits for; an order must not take it for gone."""
    engine = create_engine(postgres_url)
    await import_text(engine, COUNTED + "a,A,A,1,shopify,5\n")
    async with writing(engine) as importing:
        writer = CatalogWriter(importing, "EUR", lambda price: price.amount)
        ((number, product),) = (await writer.stored(["a"])).values()
        await writer.lock_stock([number])
        await writer.clear([number])
        await writer.write([(number, msgspec.structs.replace(product, title="New"))])
        await writer.remove_cleared([])
        order = asyncio.create_task(deduct(engine, "ada", {"A": 5}))
        async with asyncio.timeout(10):
            while not await fetch(engine, text(WAITING)):
                await asyncio.sleep(0.01)
    assert await order is None
    assert await on_sale(engine) == {"A": 0}
    await engine.dispose()

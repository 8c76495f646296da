"""What every database finds for what shoppers type."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.demo import CATALOG
from shop.catalog.exchange_rates import read_rates
from shop.catalog.model import Page, Query
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.writing.importing import CatalogImport
from shop.database import fetch, writing
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.judged import LANGUAGES, judged, score


async def demo(engine: AsyncEngine) -> CatalogRepository:
    """The demo catalogue."""
    with CATALOG.open("rb") as file:
        await CatalogImport(engine, "EUR", read_rates()).run(file)
    return CatalogRepository(engine, "EUR")


async def searched(engine: AsyncEngine, q: str, language: str = "") -> Page:
    return await CatalogRepository(engine, "EUR").page(Query(q=q), language)


async def handles(engine: AsyncEngine, q: str, language: str = "") -> list[str]:
    return [listing.handle for listing in (await searched(engine, q, language)).listings]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_shoppers_find_what_they_look_for(engine: AsyncEngine, language: str) -> None:
    repository = await demo(engine)

    async def search(q: str) -> list[str]:
        return [listing.handle for listing in (await repository.page(Query(q=q), language)).listings]

    words, typos = await score(judged(language, "words"), search), await score(judged(language, "typos"), search)
    assert words.recall >= 0.95, words
    assert words.reciprocal_rank >= 0.85, words
    assert typos.found >= 2 / 3, typos


@pytest.mark.parametrize(
    ("q", "title"),
    [
        ("tshirt", "Blue T-Shirt"),
        ("t shirt", "Blue T-Shirt"),
        ("usbc cable", "USB-C Cable"),
        ("10 mm", "Screw 10mm"),
        ("10mm", "Screw 10 mm"),
        ("womens shoes", "Women’s Shoes"),
        ("women's shoes", "Womens Shoes"),
        ("womenʼs shoes", "Women's Shoes"),
        ("杯", "漂亮的杯子"),
        ("茶碗", "青い茶碗"),
        ("กาแฟ", "แก้วกาแฟ"),
        ("किताब", "नीली किताब"),
        ("mu\u00adg", "Mug"),
        ("ｍｕｇ", "Mug"),
        ("١٠ mm", "Screw 10 mm"),
    ],
)
async def test_words_are_found_however_they_are_written(engine: AsyncEngine, q: str, title: str) -> None:
    await fill(engine, a_product("it", title=title), a_product("other", title="Kettle"))
    assert await handles(engine, q) == ["it"]


@pytest.mark.parametrize(("q", "title"), [("ガラス", "カラス"), ("काला", "बिल्ली का खिलौना"), ("1 l", "Jar 100 ml")])
async def test_words_that_only_look_alike_are_not_found(engine: AsyncEngine, q: str, title: str) -> None:
    await fill(engine, a_product("it", title=title))
    page = await searched(engine, q)
    assert page.total == 0 or page.partial


async def test_the_title_counts_more_than_tags_and_these_more_than_the_text(engine: AsyncEngine) -> None:
    await fill(
        engine,
        a_product("text", description="<p>For a mug.</p>"),
        a_product("tag", tags=("mug",)),
        a_product("title", title="Tide Mug"),
        a_product("plural", title="Tide Mugs"),
    )
    assert await handles(engine, "mug") == ["title", "plural", "tag", "text"]
    assert await handles(engine, "mugs") == ["plural", "title", "tag", "text"]


async def test_of_two_alike_the_one_in_stock_comes_first(engine: AsyncEngine) -> None:
    await fill(engine, a_product("a", variant("A", stock=0), title="Mug"), a_product("b", title="Mug"))
    assert await handles(engine, "mug") == ["b", "a"]


async def test_options_and_alt_texts_are_words(engine: AsyncEngine) -> None:
    await demo(engine)
    assert (await handles(engine, "blue mug"))[0] == "tide-mug"
    assert await handles(engine, "honey tapers") == ["evening-tapers"]


async def test_without_a_product_with_all_words_those_with_most_are_listed(engine: AsyncEngine) -> None:
    await fill(engine, a_product("a", title="Oak Tray"), a_product("b", title="Oak Box"), a_product("c", title="Cup"))
    page = await searched(engine, "oak purple tray")
    assert ([listing.handle for listing in page.listings], page.partial) == (["a"], True)
    assert not (await searched(engine, "oak tray")).partial


async def test_an_unknown_word_is_taken_for_the_nearest_known_one(engine: AsyncEngine) -> None:
    await fill(engine, a_product("a", title="Cove Teapot"), a_product("b", title="Tea Towel"))
    page = await searched(engine, "Cove teepot")
    assert ([listing.handle for listing in page.listings], page.corrected) == (["a"], "cove teapot")
    assert (await searched(engine, "teapot")).corrected == ""
    for q in ("teepots", "taepots", "teapits"):
        assert (await searched(engine, q)).corrected == "teapot", "no product has the plural"


async def test_what_matches_nothing_is_answered_with_popular_products(engine: AsyncEngine) -> None:
    await fill(engine, a_product("a", variant("A", stock=0)), *(a_product(f"p{n}") for n in range(12)))
    for q in ("xylophone", "!!!"):
        page = await searched(engine, q)
        assert (page.total, page.listings) == (0, ())
        assert [listing.handle for listing in page.popular] == [f"p{n}" for n in range(8)]
    assert (await searched(engine, "p1")).popular == ()


async def test_both_ways_of_reading_rank_alike(engine: AsyncEngine) -> None:
    small = await demo(engine)
    large = CatalogRepository(engine, "EUR", in_memory_limit=3)
    for q in ("lamp", "oak", "gift", "green", "candels", "oak purple tray", "a cup of tea"):
        few, many = await small.page(Query(q=q)), await large.page(Query(q=q))
        assert [listing.handle for listing in many.listings[: many.total]] == [
            listing.handle for listing in few.listings[: many.total]
        ], q


async def test_the_best_of_many_matches_are_ranked_like_those_of_few(engine: AsyncEngine) -> None:
    """Where enough titles have the words at their best, the others are not scored."""
    made = [a_product(f"p{n}", variant(f"P{n}", stock=n % 3), title="Tide Mug") for n in range(90)]
    await fill(engine, a_product("text", description="<p>A mug.</p>"), a_product("plural", title="Mugs"), *made)
    few, many = (CatalogRepository(engine, "EUR", in_memory_limit=limit) for limit in (500, 10))
    for query in (
        Query(q="mug"),
        Query(q="tide mug"),
        Query(q="mug", in_stock=True),
        Query(q="mugs"),
        Query(q="kettle"),
        Query(q="tidee mgu"),
    ):
        for page in (1, 2, 3, 4):
            asked = msgspec.structs.replace(query, page=page)
            assert (await many.page(asked)).listings == (await few.page(asked)).listings, asked


async def test_an_index_of_another_release_is_made_anew(engine: AsyncEngine) -> None:
    await demo(engine)
    async with writing(engine) as connection:
        await connection.execute(text("UPDATE catalog SET index_version = 0"))
        await connection.execute(text("DELETE FROM search_words"))
    assert await handles(engine, "drifts") == []
    await CatalogImport(engine, "EUR", read_rates()).refresh_index()
    assert await handles(engine, "drifts") == ["drift-throw"]
    version = (await fetch(engine, text("SELECT version FROM catalog")))[0][0]
    await CatalogImport(engine, "EUR", read_rates()).refresh_index()
    assert (await fetch(engine, text("SELECT version FROM catalog")))[0][0] == version

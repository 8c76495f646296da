"""What every database does with a catalogue."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import product as combinations

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import SORTS, Category, FacetValue, Image, Page, Product, Query, Sort
from shop.catalog.reading.paging import listing_conditions, page_statement
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.repository import CatalogRepository
from shop.database import create_engine, fetch, migrate, writing
from shop.errors import ConfigurationError, StoreUnavailable
from shop.money import Rates
from tests.fixtures.catalog import a_product, eur, fill, import_text, variant

MUG = a_product(
    "tide-mug",
    variant("MUG-M", "Moss", price=1900, compare_at=eur(2400), stock=3, weight=340, image=1),
    variant("MUG-C", "Clay", price=2100, stock=0),
    title="Crème Tide Mug",
    vendor="Neap",
    categories=("Mugs", "Bed & Bath"),
    tags=("stoneware", "gift"),
    options=("Colour",),
    images=(Image("img/a.svg", "A mug"), Image("https://pictures.example/b.jpg")),
)
TRANSLATED = a_product(
    "tide-mug",
    variant("MUG-C", "Clay"),
    title="Tide Mug",
    categories=("Tableware",),
    options=("Colour",),
    description="<p>A mug with room for a large coffee and a handle that takes three fingers. The glaze stops a finger "
    "above the foot, like the line the sea leaves on a wall, so no two are quite alike.</p>",
)
"""All but its title is in the catalogue of translations."""
BOWL = a_product("bowl", categories=("Bowls",), created_at=9)
HIDDEN = a_product("secret", published=False, categories=("Mugs",))


@pytest.fixture
def repository(engine: AsyncEngine) -> CatalogRepository:
    return CatalogRepository(engine, "EUR")


async def test_a_product_comes_back_as_it_was_written(engine: AsyncEngine, repository: CatalogRepository) -> None:
    await fill(engine, MUG, BOWL)
    assert await repository.product("tide-mug") == MUG
    assert await repository.product("bowl") == msgspec.structs.replace(BOWL, rank=1)
    assert await repository.product("Tide-Mug") is None


async def test_what_is_not_published_is_nowhere_but_where_it_is_asked_for(
    engine: AsyncEngine, repository: CatalogRepository
) -> None:
    await fill(engine, HIDDEN, MUG)
    assert await repository.product("secret") is None
    assert await repository.product("secret", include_unpublished=True) == HIDDEN
    assert await repository.offers(["SECRET"]) == {}
    assert [(known.handle, known.images) async for known in repository.published()] == [("tide-mug", MUG.images)]
    assert [listing.handle for listing in (await repository.page(Query())).listings] == ["tide-mug"]
    assert (await repository.page(Query(q="secret"))).total == 0
    assert [product.handle async for product in repository.everything()] == ["secret", "tide-mug"]


async def test_offers_tell_a_cart_what_it_needs(engine: AsyncEngine, repository: CatalogRepository) -> None:
    await fill(engine, MUG, BOWL)
    offers = await repository.offers(["MUG-M", "MUG-C", "BOWL", "nothing", "mug-m"])
    assert set(offers) == {"MUG-M", "MUG-C", "BOWL"}
    moss = offers["MUG-M"]
    assert (moss.handle, moss.title, moss.variant) == ("tide-mug", "Crème Tide Mug", "Moss")
    assert (moss.price, moss.compare_at, moss.stock, moss.weight) == (eur(1900), eur(2400), 3, 340)
    assert moss.image == MUG.images[1]
    assert offers["MUG-C"].image == MUG.images[0]
    assert offers["BOWL"].image is None
    assert await repository.offers([]) == {}


async def test_a_listing_sums_the_variants_up(engine: AsyncEngine, repository: CatalogRepository) -> None:
    await fill(engine, MUG, BOWL)
    mug, bowl = (await repository.page(Query())).listings
    assert (mug, bowl) == (MUG.listing, BOWL.listing)
    assert (mug.price, mug.to_price, mug.compare_at, mug.stock, mug.sku) == (eur(1900), eur(2100), eur(2400), 3, None)
    assert (mug.category, mug.image) == ("Mugs", MUG.images[0])
    assert (bowl.stock, bowl.sku, bowl.image) == (None, "BOWL", None)


async def test_categories_come_in_the_order_of_the_catalogue(
    engine: AsyncEngine, repository: CatalogRepository
) -> None:
    assert await repository.categories() == ()
    await fill(engine, MUG, BOWL, HIDDEN)
    assert await repository.categories() == (
        Category("mugs", "Mugs", 1),
        Category("bed-bath", "Bed & Bath", 1),
        Category("bowls", "Bowls", 1),
    )


async def test_related_products_follow_in_the_category_and_start_again(
    engine: AsyncEngine, repository: CatalogRepository
) -> None:
    mugs = [a_product(f"mug-{n}", categories=("Mugs",)) for n in range(6)]
    await fill(engine, *mugs[:3], BOWL, *mugs[3:], a_product("loner"))
    assert [listing.handle for listing in await repository.related("mug-3")] == ["mug-4", "mug-5", "mug-0", "mug-1"]
    assert [listing.handle for listing in await repository.related("mug-5", 2)] == ["mug-0", "mug-1"]
    assert await repository.related("bowl") == ()
    assert [listing.handle for listing in await repository.related("loner", 2)] == ["mug-0", "mug-1"]
    assert await repository.related("nothing") == ()


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("creme", True),
        ("CRÈME mug", True),
        ("mu", True),
        ("tide stone", True),
        ("neap", True),
        ("bath", True),
        ("clay", True),
        ("mug-m", True),
        ("plain", True),
        ("ug", False),
        ("bowl", False),
        ("p>", True),
        ("!!!", False),
        ("0x", False),
        ("", True),
        ("   ", True),
    ],
)
async def test_search_finds_words_and_their_beginnings(
    engine: AsyncEngine, repository: CatalogRepository, q: str, found: bool
) -> None:
    await fill(engine, MUG)
    assert (await repository.page(Query(q=q))).total == found


@pytest.mark.parametrize("limit", [500, 0])
@pytest.mark.parametrize(
    ("q", "language", "found"),
    [
        ("Becher", "de", True),
        ("GROSSEN kaff", "de", True),
        ("geschirr ton", "de", True),
        ("becher mug", "de", True),
        ("becher", "", False),
        ("becher", "ar", False),
        ("كوب", "ar", True),
        ("الكوب", "ar", True),
        ("كوب", "de", False),
        ("Kreide", "de", False),
    ],
)
async def test_search_finds_the_words_of_translations_in_their_language(
    engine: AsyncEngine, q: str, language: str, found: bool, limit: int
) -> None:
    await fill(engine, TRANSLATED)
    page = await CatalogRepository(engine, "EUR", in_memory_limit=limit).page(Query(q=q), language)
    assert len(page.listings) == found


async def test_no_text_of_a_person_is_an_error(engine: AsyncEngine, repository: CatalogRepository) -> None:
    await fill(engine, MUG)
    signs = "\"'*():&|!<>-+^{}\\/%_;,.?#$@~`=[]\x00\x01 \n\tNEAR AND OR NOT words: ÆŒßİıﬁ½²日本語🙂\u0301\ud7ff"
    chance = random.Random(1)
    texts = ['"', "'", "a'b", "*", "a*", "(", "NOT", "NEAR(a b)", "words:a", "a:*", "!", "\\", "x" * 5000, "a " * 500]
    texts += ["".join(chance.choices(signs, k=chance.randint(1, 12))) for _ in range(100)]
    for q in texts:
        page = await repository.page(Query(q=q, options=((q, q),), category=q))
        assert page.total == 0


async def test_titles_that_have_the_words_come_first(engine: AsyncEngine, repository: CatalogRepository) -> None:
    await fill(
        engine,
        a_product("a", title="Shelf", description="<p>For every mug.</p>"),
        a_product("b", title="Mugwort Candle"),
        a_product("c", title="Tide Mug"),
    )
    found = await repository.page(Query(q="mug"))
    assert [listing.handle for listing in found.listings] == ["c", "b", "a"]


STOCKS = (0, 0, 2, None)


def some_products(count: int) -> list[Product]:
    """Products that differ in everything a query asks about, many of them alike in something."""
    chance = random.Random(3)
    made = []
    for n in range(count):
        skus = (f"S{n}-{colour}-{size}" for colour, size in combinations(("Moss", "Clay"), ("S", "L")))
        variants = [
            variant(
                sku,
                *sku.split("-")[1:],
                price=chance.choice((900, 1000, 2000, 2500)),
                stock=chance.choice((0, 0, 2, None)),
            )
            for sku in skus
        ]
        made.append(
            a_product(
                f"p{n}",
                *chance.sample(variants, chance.randint(1, 4)),
                title=f"{chance.choice(('Tide', 'Dusk'))} {chance.choice(('Mug', 'Bowl'))} {chance.randint(1, 9)}",
                categories=tuple(chance.sample(("Mugs", "Bowls", "Gifts"), chance.randint(0, 2))),
                options=("Colour", "Size"),
                created_at=chance.randint(1, 5),
                published=chance.random() > 0.1,
            )
        )
    return made


def some_queries(count: int) -> list[Query]:
    chance = random.Random(4)
    options = [(), (("Colour", "Moss"),), (("Colour", "Moss"), ("Colour", "Clay")), (("Colour", "Moss"), ("Size", "L"))]
    return [
        Query(
            q=chance.choice(("", "", "tide", "mug", "dusk bowl", "nothing")),
            category=(category := chance.choice(("", "", "mugs", "gifts", "unknown"))),
            categories=chance.choice(((), ("bowls",))) if category else (),
            min_price=chance.choice((None, None, 10)),
            max_price=chance.choice((None, None, 20)),
            in_stock=chance.choice((False, False, True)),
            options=chance.choice(options),
            sort=chance.choice(SORTS),
            page=chance.choice((1, 1, 1, 2, 3, 99)),
        )
        for _ in range(count)
    ]


async def test_a_large_catalogue_lists_what_a_small_one_does(engine: AsyncEngine) -> None:
    """Read whole and narrowed in memory, or cut out of an index: the same products, order and counts."""
    await fill(engine, *some_products(90))
    exact = CatalogRepository(engine, "EUR", in_memory_limit=1000)
    ways = set()
    for limit in (2, 30):
        crowded = CatalogRepository(engine, "EUR", in_memory_limit=limit)
        for query in some_queries(150):
            few, many = await exact.page(query), await crowded.page(query)
            agree_on(query, few, many)
            ways.add((few.total > limit, bool(query.q), bool(query.options)))
    assert len(ways) == 8, "not every way of reading was taken"


def agree_on(query: Query, few: Page, many: Page) -> None:
    assert (many.total, many.pages, many.query) == (few.total, few.pages, few.query), query
    assert many.listings == few.listings, query
    assert values_of(many) == values_of(few), query


def values_of(page: Page) -> dict[str, list[FacetValue]]:
    return {facet.name: sorted(facet.values, key=lambda value: value.value) for facet in page.facets}


async def test_facets_count_what_choosing_them_would_find(engine: AsyncEngine, repository: CatalogRepository) -> None:
    await fill(engine, *some_products(60))
    for query in (Query(), Query(q="tide"), Query(category="mugs", in_stock=True), Query(options=(("Size", "L"),))):
        for facet in (await repository.page(query)).facets:
            for value in facet.values:
                found = await repository.page(choosing(query, facet.name, value.value))
                assert found.total == value.count, (query, facet.name, value)


async def test_of_very_many_products_only_the_first_are_counted(engine: AsyncEngine) -> None:
    """Then every count is one that is reached at least, and the page says so."""
    await fill(engine, *some_products(90))
    exact = CatalogRepository(engine, "EUR", in_memory_limit=1000)
    capped = CatalogRepository(engine, "EUR", in_memory_limit=2, most_counted=20)
    ways = set()
    for query in some_queries(60):
        true, page = await exact.page(query), await capped.page(query)
        assert (page.total, page.at_least) == (min(true.total, 20), true.total > 20) or is_stored(query), query
        assert page.listings == true.listings or page.query.page < true.query.page, query
        counts = {(facet.name, value.value): value.count for facet in true.facets for value in facet.values}
        for facet in page.facets:
            for value in facet.values:
                assert value.count <= counts[facet.name, value.value], (query, facet.name)
                assert facet.at_least or value.count == counts[facet.name, value.value], (query, facet.name)
            ways.add((facet.at_least, bool(query.q)))
    assert len(ways) == 4, "not every way of counting was taken"


def is_stored(query: Query) -> bool:
    """Whether the counts of a query are stored with the catalogue: these are exact."""
    return query == Query(category=query.category, sort=query.sort, page=query.page)


def choosing(query: Query, name: str, value: str) -> Query:
    """The query with a facet's value chosen in place of what was."""
    match name:
        case "category":
            return msgspec.structs.replace(query, category=value, categories=())
        case "in_stock":
            return msgspec.structs.replace(query, in_stock=True)
        case "price":
            low, high = map(int, value.split("-"))
            return msgspec.structs.replace(query, min_price=low, max_price=high)
    others = tuple(option for option in query.options if option[0] != name)
    return msgspec.structs.replace(query, options=(*others, (name, value)))


async def test_facets_of_a_large_category_are_those_of_the_whole_category(engine: AsyncEngine) -> None:
    await fill(engine, *some_products(60))
    small, large = (CatalogRepository(engine, "EUR", in_memory_limit=limit) for limit in (1000, 5))
    for category in ("", "mugs", "unknown"):
        query = Query(category=category)
        assert (await large.page(query)).facets == (await small.page(query)).facets


@pytest.mark.parametrize("sort", SORTS)
async def test_a_page_of_a_large_catalogue_walks_an_index(sqlite_url: str, sort: Sort) -> None:
    engine = create_engine(sqlite_url)
    await fill(engine, *some_products(200))
    async with writing(engine) as connection:
        await connection.execute(text("ANALYZE"))
    query = Query(category="mugs", min_price=10, in_stock=True)
    statement = page_statement(listing_conditions(query, PriceScale("EUR")), sort, page=2).compile(
        dialect=engine.dialect, compile_kwargs={"literal_binds": True}
    )
    plan = [row.detail for row in await fetch(engine, text(f"EXPLAIN QUERY PLAN {statement}".replace(":", "\\:")))]
    await engine.dispose()
    assert any("listings USING COVERING INDEX ix_listings" in step for step in plan), plan
    assert not any("SCAN products" in step or "SCAN listings" in step for step in plan), plan


@pytest.mark.parametrize("limit", [1000, 5])
async def test_prices_are_filtered_and_counted_in_the_shown_currency(engine: AsyncEngine, limit: int) -> None:
    """1 EUR = 162.5 JPY: what costs 12.31 EUR is shown as 2,000 yen, and belongs to both bands at this edge."""
    prices = (1230, 1231, 1232, 3076, 3077)
    await fill(
        engine, *(a_product(f"p{price}", variant(f"{price}", price=price)) for price in (*prices, *range(6000, 6010)))
    )
    rates = Rates("EUR", "", {"EUR": Decimal(1), "JPY": Decimal("162.5")})
    repository = CatalogRepository(engine, "EUR", rates, in_memory_limit=limit)
    shown = {price: rates.convert(eur(price), "JPY").amount for price in prices}
    between = [f"p{price}" for price, yen in shown.items() if 2000 <= yen <= 5000]
    page = await repository.page(Query(min_price=2000, max_price=5000, price_in="JPY"), "", "JPY")
    assert [listing.handle for listing in page.listings] == between
    assert 0 < len(between) < len(prices), "the bounds are among the prices"
    for query in (Query(), page.query, Query(in_stock=True)):
        (facet,) = (facet for facet in (await repository.page(query, "", "JPY")).facets if facet.name == "price")
        assert {value.value: value.count for value in facet.values}["2000-5000"] == len(between)


async def test_a_page_past_the_end_is_the_last_one(engine: AsyncEngine) -> None:
    await fill(engine, *(a_product(f"p{n}") for n in range(30)))
    for limit in (5, 1000):
        page = await CatalogRepository(engine, "EUR", in_memory_limit=limit).page(Query(page=99))
        assert (page.query.page, page.pages, page.total) == (2, 2, 30)
        assert [listing.handle for listing in page.listings] == [f"p{n}" for n in range(24, 30)]


async def test_a_catalogue_that_became_small_is_counted_exactly_again(engine: AsyncEngine) -> None:
    await fill(engine, *(a_product(f"p{n}", variant(f"{n}", "Moss"), options=("Colour",)) for n in range(9)))
    repository = CatalogRepository(engine, "EUR", in_memory_limit=5)
    assert (await repository.page(Query())).total == 9
    await import_text(engine, "Handle,Title,Price\nonly,Only,1\n", replace=True)
    for _ in range(2):
        page = await repository.page(Query(options=(("Colour", "Moss"),)))
        assert page.total == 0
    assert {value.count for facet in page.facets for value in facet.values} == {0}


async def test_an_empty_catalogue_has_one_empty_page(repository: CatalogRepository) -> None:
    page = await repository.page(Query())
    assert (page.listings, page.facets, page.total, page.pages) == ((), (), 0, 1)
    assert await repository.is_empty()


async def test_a_connection_that_died_is_replaced_unnoticed(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    repository = CatalogRepository(engine, "EUR")
    version = await repository.version()
    killer = create_engine(postgres_url)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    ended = await fetch(killer, text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    assert len(ended) == 1
    assert await repository.version() == version
    await engine.dispose()
    await killer.dispose()


async def test_a_database_that_is_away_is_unavailable() -> None:
    engine = create_engine("postgresql://postgres@127.0.0.1:1/shop")
    with pytest.raises(StoreUnavailable):
        await CatalogRepository(engine, "EUR").version()
    await engine.dispose()


@pytest.mark.parametrize(
    ("change", "words"),
    [(("test_", "no_such_"), "no such database"), (("postgres@", "nobody@"), "refuses the user")],
)
async def test_a_wrong_address_says_what_is_wrong(postgres_url: str, change: tuple[str, str], words: str) -> None:
    engine = create_engine(postgres_url.replace(*change))
    with pytest.raises(ConfigurationError, match=words):
        await CatalogRepository(engine, "EUR").version()
    await engine.dispose()


async def test_migrating_again_does_nothing(database_url: str) -> None:
    assert await migrate(database_url) is False

"""A facet more is one object: with it in the list, every way of reading the catalogue narrows and counts by it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import FacetValue, Page, Query
from shop.catalog.reading import facets
from shop.catalog.reading.facet_definition import TraitFacet, Values
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.reading.traits import Traits
from shop.web.render.paths import listing_path
from tests.fixtures.catalog import a_product, fill, variant


class AssortedQuery(Query, frozen=True):
    """A query with the field of the facet more."""

    assorted: str = ""


class AssortedFacet(TraitFacet, frozen=True):
    """Whether there is a choice of variants."""

    def of(self, traits: Traits) -> Values:
        return [("yes", "To choose from")] if len(traits.variants) > 1 else []

    def selected(self, query: Query) -> tuple[str, ...]:
        return super().selected(query) if isinstance(query, AssortedQuery) else ()


@pytest.fixture(autouse=True)
def assorted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(facets.BUILT_IN, "assorted", AssortedFacet("assorted", "Assortment"))
    facets._facets_of.cache_clear()
    yield
    facets._facets_of.cache_clear()


async def filled(engine: AsyncEngine, count: int) -> None:
    """Every third product has two variants; every second one is a mug."""
    made = []
    for n in range(count):
        variants = [variant(f"{n}-{size}", size) for size in ("S", "L")[: 2 if n % 3 == 0 else 1]]
        made.append(a_product(f"p{n}", *variants, options=("Size",), categories=("Mugs",) if n % 2 else ()))
    await fill(engine, *made)


QUERIES = {
    "alone": AssortedQuery(assorted="yes"),
    "in a category": AssortedQuery(assorted="yes", category="mugs"),
    "with an option": AssortedQuery(assorted="yes", options=(("Size", "L"),), in_stock=True),
    "by price": AssortedQuery(assorted="yes", min_price=5, sort="price-asc"),
    "with a text": AssortedQuery(assorted="yes", q="p3"),
    "of no such value": AssortedQuery(assorted="no"),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("limit", [1, 8])
async def test_memory_and_sql_find_the_same(engine: AsyncEngine, query: Query, limit: int) -> None:
    await filled(engine, 75)
    exact = await CatalogRepository(engine, "EUR", in_memory_limit=1000).page(query)
    large = await CatalogRepository(engine, "EUR", in_memory_limit=limit).page(query)
    assert (large.total, large.listings) == (exact.total, exact.listings)
    assert values_of(large) == values_of(exact)


def values_of(page: Page) -> dict[str, list[FacetValue]]:
    return {facet.name: sorted(facet.values, key=lambda value: value.value) for facet in page.facets}


async def test_a_choice_finds_as_many_as_it_counts(engine: AsyncEngine) -> None:
    await filled(engine, 30)
    for limit in (5, 1000):
        page = await CatalogRepository(engine, "EUR", in_memory_limit=limit).page(AssortedQuery())
        (facet,) = (facet for facet in page.facets if facet.name == "assorted")
        assert [(value.value, value.count) for value in facet.values] == [("yes", 10)]
    found = await CatalogRepository(engine, "EUR").page(AssortedQuery(assorted="yes"))
    assert found.total == 10


def test_its_address_is_read_as_it_is_written() -> None:
    query = AssortedQuery(category="mugs", assorted="yes")
    path = listing_path(query)
    assert path == "/?category=mugs&assorted=yes"
    assert facets.read_facets(AssortedQuery(), parse_qsl(urlsplit(path).query)) == query

"""Reads the catalogue. Each call is one indexed query, or a few where a search in a large catalogue needs them.

A small set of products (a small catalogue, or what a text matches) is read whole and narrowed in memory:
filters, counts and order are then exact, for one query. Beyond CROWD products a page is cut out of an index
that has its order, and counts come from the table of facets; see docs/decisions/large-catalogues.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import Category, Facet, Listing, Offer, Page, Product, Published, Query
from shop.catalog.reading import rows
from shop.catalog.reading.counts import TOTAL, Tally
from shop.catalog.reading.facets import facets_of
from shop.catalog.reading.narrow import Candidate, clamped, counted, cut, matching, narrow, page_of
from shop.catalog.reading.search import Spellings, holds, search_for
from shop.catalog.reading.walk import conditions, page_statement, token_groups, walk
from shop.catalog.schema import catalog, facets, listings, products, reservations, variants
from shop.catalog.text import spellings
from shop.database import fetch

CROWD = 500
"""More matches than these are not counted one by one."""
LISTED = 20
"""Times a crowd: more matches than these are not listed by the index, but looked for along the walk."""
SITEMAP_BATCH = 1000
EXPORT_BATCH = 200


class CatalogRepository:
    """The catalogue in a database. `currency` is its own: what price bounds and the order by price are in.

    Every method may raise StoreUnavailable, and ConfigurationError where the database is not prepared.
    """

    def __init__(self, engine: AsyncEngine, currency: str, *, crowd: int = CROWD) -> None:
        self.engine = engine
        self.currency = currency
        self.crowd = crowd
        self.search = search_for(engine.dialect.name)
        self._large = False
        """Whether the whole catalogue was a crowd when it was last read: then it is not tried to read it whole."""

    async def version(self) -> int:
        """Goes up with everything that changes what pages show."""
        return int((await fetch(self.engine, select(catalog.c.version)))[0].version)

    async def is_empty(self) -> bool:
        """Whether there is no product at all, published or not."""
        return not await fetch(self.engine, select(products.c.id).limit(1))

    async def product(self, handle: str, *, include_unpublished: bool = False) -> Product | None:
        """The product of a handle; None where there is none, or it is not published."""
        statement = select(*rows.PRODUCT).join(variants, variants.c.product_id == products.c.id)
        found = await fetch(self.engine, statement.where(products.c.handle == handle).order_by(variants.c.position))
        return rows.product(found) if found and (found[0].published or include_unpublished) else None

    async def offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        """The published offers among these skus, by sku."""
        if not (wanted := list(skus)):
            return {}
        statement = select(*rows.OFFER).join(products, variants.c.product_id == products.c.id)
        found = await fetch(self.engine, statement.where(variants.c.sku.in_(wanted), products.c.published))
        return {row.sku: rows.offer(row) for row in found}

    async def held_by(self, holder: str) -> dict[str, int]:
        """Pieces by sku that are set aside for a holder, who is a cart's id."""
        statement = select(reservations.c.sku, reservations.c.quantity).where(reservations.c.holder == holder)
        return {row.sku: row.quantity for row in await fetch(self.engine, statement)}

    async def categories(self) -> tuple[Category, ...]:
        """All categories with their published products, in the order in which the catalogue shows them."""
        chosen = (facets.c.category == "", facets.c.name == "category")
        found = await fetch(self.engine, select(facets).where(*chosen).order_by(facets.c.position))
        return tuple(Category(row.value, row.label, row.products) for row in found)

    async def related(self, handle: str, limit: int = 4) -> tuple[Listing, ...]:
        """Products that follow in the same category (in the whole catalogue, where it has none), then its first."""
        of = select(products.c.rank, products.c.category_slug).where(products.c.handle == handle).subquery()
        near = select(listings.c.product_id, listings.c.rank).join(of, listings.c.category == of.c.category_slug)
        after = near.where(listings.c.rank > of.c.rank).order_by(listings.c.rank).limit(limit).subquery()
        first = near.where(listings.c.rank < of.c.rank).order_by(listings.c.rank).limit(limit).subquery()
        both = union_all(select(literal(0).label("turn"), after), select(literal(1), first)).subquery()
        statement = select(*rows.LISTING).join(both, both.c.product_id == products.c.id)
        found = await fetch(self.engine, statement.order_by(both.c.turn, both.c.rank).limit(limit))
        return tuple(rows.listing(row) for row in found)

    async def published(self) -> AsyncIterator[Published]:
        """Every published product, in batches."""
        columns = (products.c.id, products.c.handle, products.c.updated_at, products.c.images)
        statement = select(*columns).where(products.c.published)
        last = -1
        while batch := await fetch(
            self.engine, statement.where(products.c.id > last).order_by(products.c.id).limit(SITEMAP_BATCH)
        ):
            for row in batch:
                yield Published(row.handle, row.updated_at, rows.images(row.images))
            last = batch[-1].id

    async def everything(self) -> AsyncIterator[Product]:
        """Every product, published or not, in featured order, a batch at a time in memory."""
        place = tuple_(products.c.rank, products.c.id)
        last = (-1, -1)
        while True:
            some = (
                select(products.c.id).where(place > last).order_by(products.c.rank, products.c.id).limit(EXPORT_BATCH)
            )
            statement = select(products.c.id, *rows.PRODUCT).join(variants, variants.c.product_id == products.c.id)
            order = (products.c.rank, products.c.id, variants.c.position)
            found = await fetch(self.engine, statement.where(products.c.id.in_(some)).order_by(*order))
            if not found:
                return
            for _, own in groupby(found, key=lambda row: row.id):
                yield rows.product(list(own))
            last = (found[-1].rank, found[-1].id)

    async def page(self, query: Query, language: str = "") -> Page:
        """The page of a query. A page past the end is answered with the last one, an unknown category with none.

        `language`: the code of one in whose translations, beside the products' own words, a text is looked for.
        """
        query = msgspec.structs.replace(query, q=query.q.strip())
        wanted = spellings(query.q, language)
        if query.q and not wanted:
            return narrow((), query, self.currency)
        found = await (self._matching(wanted) if wanted else self._small_catalog())
        if len(found) <= self.crowd and (found or wanted):
            return narrow(found, query, self.currency)
        if wanted:
            return await self._page_of_many(query, wanted, counted(found[: self.crowd], query, self.currency))
        counts, total = await self._counts(query)
        return await self._page_of_many(query, wanted, counts, total)

    async def _small_catalog(self) -> list[Candidate]:
        """All published products where they are no crowd, else none."""
        if self._large:
            return []
        count = catalog.c.products
        limit = select(case((count <= self.crowd, count), else_=0)).scalar_subquery()
        return await self._candidates(select(*rows.CANDIDATE).where(products.c.published).limit(limit))

    async def _matching(self, wanted: Spellings, groups: Sequence[Sequence[str]] = ()) -> list[Candidate]:
        """The products that a text and tokens match; one more than a crowd where there are more."""
        matches = self.search.matching(wanted, groups).limit(self.crowd + 1).subquery()
        return await self._candidates(select(*rows.CANDIDATE).join(matches, matches.c.product_id == products.c.id))

    async def _candidates(self, statement: Select[Any]) -> list[Candidate]:
        return [rows.candidate(row) for row in await fetch(self.engine, statement)]

    async def _counts(self, query: Query) -> tuple[tuple[Facet, ...], int]:
        """The facets of a category, and all its products, as they were counted when the catalogue was written."""
        here = and_(facets.c.category == query.category, facets.c.name != "category")
        everywhere = and_(facets.c.category == "", facets.c.name.in_(("category", TOTAL)))
        statement = select(facets).where(or_(here, everywhere)).order_by(facets.c.name, facets.c.position)
        tally, totals = Tally(), {"": 0}
        for row in await fetch(self.engine, statement):
            if row.name == TOTAL:
                totals[row.category] = row.products
            else:
                tally.add([(row.name, [(row.value, row.label)])], row.products)
        self._large = totals[""] > self.crowd
        return tally.facets(query), totals.get(query.category, 0)

    async def _page_of_many(
        self, query: Query, wanted: Spellings, counts: tuple[Facet, ...], category_total: int = 0
    ) -> Page:
        groups = token_groups(query)
        where = conditions(query, self.currency)
        if wanted or any(facet.by_index and facet.selected(query) for facet in facets_of(query)):
            matches = self.search.matching(wanted, groups)
            count = await self._count(matches, self.crowd * LISTED)
            if count <= self.crowd:
                return cut(matching(await self._matching(wanted, groups), query, self.currency), query, counts)
            if count <= self.crowd * LISTED:
                where.append(listings.c.product_id.in_(matches))
            elif wanted:
                where.append(holds(listings.c.product_id, wanted))
        total, more = await self._total(query, where, category_total)
        found = await fetch(self.engine, page_statement(where, query.sort, clamped(query.page, total)))
        return page_of(query, map(rows.listing, found), counts, total, more=more)

    async def _total(self, query: Query, where: list[ColumnElement[bool]], category_total: int) -> tuple[int, bool]:
        """How many products a large catalogue lists, and whether there are more than were counted."""
        if query == Query(category=query.category, sort=query.sort, page=query.page):
            return category_total, False
        if query == Query(q=query.q, category=query.category, sort=query.sort, page=query.page):
            return self.crowd, True
        count = await self._count(walk(where), self.crowd)
        return min(count, self.crowd), count > self.crowd

    async def _count(self, statement: Select[Any], limit: int) -> int:
        """How many rows a statement finds; more than `limit` are not counted, and make it one more."""
        counted = select(func.count()).select_from(statement.limit(limit + 1).subquery())
        return int((await fetch(self.engine, counted))[0][0])

"""Reads the catalogue. Each call is one indexed query, or a few for a search in a large catalogue.

A small set of products (a small catalogue, or the matches of a text) is read completely and filtered in memory:
filters, counts and order cost one query. Beyond IN_MEMORY_LIMIT products the same is done in SQL: a page is read along
the index of its sort order, counts of a whole category come from the table of facets, and those of a search or a choice
are counted; see docs/decisions/large-catalogues.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Executable, Select, and_, case, func, literal, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import Category, Facet, Listing, Offer, Page, Product, Published, Query, Review, Reviews
from shop.catalog.reading import rows
from shop.catalog.reading.counting import FacetCounts
from shop.catalog.reading.counts import TOTAL, Tally
from shop.catalog.reading.facets import BUILT_IN
from shop.catalog.reading.filtering import PAGE_SIZE, Candidate, clamp_page, filtered_page, page_of
from shop.catalog.reading.paging import listing_conditions, page_statement, product_ids, token_groups
from shop.catalog.reading.price_scale import PriceScale, bands_at
from shop.catalog.reading.search import (
    best_titles,
    every_term,
    matched_terms,
    matching_ids,
    scored,
    search_for,
    with_tokens,
)
from shop.catalog.reading.text_search import TextSearch
from shop.catalog.reading.understanding import understood
from shop.catalog.schema import catalog, facets, listings, products, reservations, reviews, variants
from shop.database import fetch
from shop.i18n import ENGLISH
from shop.money import Rates

IN_MEMORY_LIMIT = 500
"""Products that are filtered and counted in memory at most."""
MOST_COUNTED = 1000
"""Products of a search or a choice that are counted and listed at most, in a large catalogue."""
INDEX_FACTOR = 20
"""Times IN_MEMORY_LIMIT: more text matches are tested row by row, not listed by the search index."""
POPULAR = 8
"""Products that a page shows instead of nothing."""
LATEST_REVIEWS = 10
"""Reviews that a product's page shows."""
SITEMAP_BATCH = 1000
EXPORT_BATCH = 200


class CatalogRepository:
    """Reads the catalogue from a database. `currency` is its own; `rates` are for filters by price in another one.

    Every method may raise StoreUnavailable, and ConfigurationError if the database is not migrated.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        currency: str,
        rates: Rates | None = None,
        *,
        in_memory_limit: int = IN_MEMORY_LIMIT,
        most_counted: int = MOST_COUNTED,
    ) -> None:
        self.engine = engine
        self.currency = currency
        self.rates = rates
        self.in_memory_limit = in_memory_limit
        self.most_counted = most_counted
        self.search = search_for(engine.dialect.name)
        self._large = False
        """Whether the catalogue was above the limit at the last read; then no attempt is made to read all of it."""

    async def version(self) -> int:
        """The version of the catalogue; it increases with every change that pages show."""
        return int((await fetch(self.engine, select(catalog.c.version)))[0].version)

    async def is_empty(self) -> bool:
        """Whether there is no product, published or not."""
        return not await fetch(self.engine, select(products.c.id).limit(1))

    async def product(self, handle: str, *, include_unpublished: bool = False) -> Product | None:
        """The product of a handle; None if it does not exist or is not published."""
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

    async def reserved_by(self, holder: str) -> dict[str, int]:
        """The quantities by sku that are reserved for a holder (a cart's id)."""
        statement = select(reservations.c.sku, reservations.c.quantity).where(reservations.c.holder == holder)
        return {row.sku: row.quantity for row in await fetch(self.engine, statement)}

    async def categories(self) -> tuple[Category, ...]:
        """All categories with their number of published products, in catalogue order."""
        chosen = (facets.c.category == "", facets.c.name == "category")
        found = await fetch(self.engine, select(facets).where(*chosen).order_by(facets.c.position))
        return tuple(Category(row.value, row.label, row.products) for row in found)

    async def related(self, handle: str, limit: int = 4) -> tuple[Listing, ...]:
        """The next products of the same category (of the whole catalogue if it has none), then the first ones."""
        of = select(products.c.rank, products.c.category_slug).where(products.c.handle == handle).subquery()
        near = select(listings.c.product_id, listings.c.rank).join(of, listings.c.category == of.c.category_slug)
        after = near.where(listings.c.rank > of.c.rank).order_by(listings.c.rank).limit(limit).subquery()
        first = near.where(listings.c.rank < of.c.rank).order_by(listings.c.rank).limit(limit).subquery()
        both = union_all(select(literal(0).label("turn"), after), select(literal(1), first)).subquery()
        statement = select(*rows.LISTING).join(both, both.c.product_id == products.c.id)
        found = await fetch(self.engine, statement.order_by(both.c.turn, both.c.rank).limit(limit))
        return tuple(rows.listing(row) for row in found)

    async def reviews(self, handle: str, limit: int = LATEST_REVIEWS) -> Reviews:
        """The reviews of a product, the latest of them with their texts."""
        own = reviews.c.handle == handle
        sums = select(func.count().label("number"), func.coalesce(func.sum(reviews.c.rating), 0).label("total"))
        (row,) = await fetch(self.engine, sums.where(own))
        if not row.number:
            return Reviews()
        statement = select(reviews).where(own).order_by(reviews.c.day.desc(), reviews.c.id).limit(limit)
        latest = await fetch(self.engine, statement)
        shown = tuple(msgspec.convert(each, Review, from_attributes=True) for each in latest)
        return Reviews(row.number, int(row.total), shown)

    async def published(self) -> AsyncIterator[Published]:
        """Yield every published product, reading in batches."""
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
        """Yield every product, published or not, in featured order, reading in batches."""
        place = tuple_(products.c.rank, products.c.id)
        last = (-1, -1)
        while True:
            batch_ids = (
                select(products.c.id).where(place > last).order_by(products.c.rank, products.c.id).limit(EXPORT_BATCH)
            )
            statement = select(products.c.id, *rows.PRODUCT).join(variants, variants.c.product_id == products.c.id)
            order = (products.c.rank, products.c.id, variants.c.position)
            found = await fetch(self.engine, statement.where(products.c.id.in_(batch_ids)).order_by(*order))
            if not found:
                return
            for _, own in groupby(found, key=lambda row: row.id):
                yield rows.product(list(own))
            last = (found[-1].rank, found[-1].id)

    async def page(self, query: Query, language: str = "", currency: str = "") -> Page:
        """The page of a query. A page past the end gives the last one; an unknown category gives no products.

        `language` is the code of the language in which the text is read; it is searched for in the products' own words
        and in their translations into this language. `currency` is that of the price bands, '' for the catalogue's own.
        """
        query = msgspec.structs.replace(query, q=query.q.strip())
        scale = PriceScale(self.currency, rates=self.rates).showing(currency)
        text = await self._read(query.q, language or ENGLISH.code) if query.q else None
        if query.q and not text:
            page = filtered_page((), query, scale)
        else:
            page = await self._page(query, text, scale)
        if text and page.total:
            return msgspec.structs.replace(page, corrected=text.corrected, partial=not text.strict)
        return page if page.total else msgspec.structs.replace(page, popular=await self._popular())

    async def _read(self, q: str, language: str) -> TextSearch | None:
        """The search for a text: for all of its words, or for most of them if no product has all.

        None if no product has any.
        """
        text = await understood(self.engine, q, language)
        if not text or not text.findable:
            return None
        if text.possible and await fetch(self.engine, every_term(self.search, text).limit(1)):
            return text
        most = (await fetch(self.engine, matched_terms(self.search, text)))[0][0]
        return msgspec.structs.replace(text, needed=most) if most else None

    async def _page(self, query: Query, text: TextSearch | None, scale: PriceScale) -> Page:
        if found := await (self._matching(text) if text else self._small_catalog()):
            return filtered_page(found, query, scale)
        if query == Query(category=query.category, sort=query.sort, page=query.page, expanded=query.expanded):
            counts, total = await self._stored_counts(query, scale)
            return await self._large_page(query, scale, None, counts, total)
        matched = [listings.c.product_id.in_(matching_ids(self.search, text))] if text else []
        counts, total = await self._facet_counts(query, scale, matched)
        page = await self._large_page(query, scale, text, counts, min(total, self.most_counted))
        return msgspec.structs.replace(page, at_least=total > self.most_counted)

    async def _popular(self) -> tuple[Listing, ...]:
        """The first products in featured order that can be bought."""
        where = [listings.c.category == "", listings.c.in_stock]
        found = await fetch(self.engine, page_statement(where, "featured", 1))
        return tuple(map(rows.listing, found[:POPULAR]))

    async def _small_catalog(self) -> list[Candidate]:
        """All published products if they are within the limit, else none."""
        if self._large:
            return []
        count = catalog.c.products
        limit = select(case((count <= self.in_memory_limit, count), else_=0)).scalar_subquery()
        return await self._candidates(select(*rows.CANDIDATE).where(products.c.published).limit(limit))

    async def _matching(self, text: TextSearch) -> list[Candidate]:
        """The products that match a text if they are within the limit, else none."""
        if await self._count(matching_ids(self.search, text), self.in_memory_limit) > self.in_memory_limit:
            return []
        matches = scored(self.search, text).subquery()
        statement = select(*rows.CANDIDATE, matches.c.score).join(matches, matches.c.product_id == products.c.id)
        return await self._candidates(statement)

    async def _candidates(self, statement: Select[Any]) -> list[Candidate]:
        return [rows.candidate(row) for row in await fetch(self.engine, statement)]

    async def _stored_counts(self, query: Query, scale: PriceScale) -> tuple[tuple[Facet, ...], int]:
        """The facets of a category and its number of products, from the stored counts."""
        here = and_(facets.c.category == query.category, facets.c.name != "category")
        everywhere = and_(facets.c.category == "", facets.c.name.in_(("category", TOTAL)))
        statement = select(facets).where(or_(here, everywhere)).order_by(facets.c.name, facets.c.position)
        tally, totals = Tally(), {"": 0}
        for row in await fetch(self.engine, statement):
            if row.name == TOTAL:
                totals[row.category] = row.products
            elif not (scale.shown and row.name == "price"):
                tally.add([(row.name, [(row.value, row.label)])], row.products)
        if scale.shown:
            counts = FacetCounts(query, scale, self.engine.dialect.name, [], self.most_counted)
            tally.counts |= (await self._tally(counts.prices(), {})).counts
            tally.at_least = {"price"} if totals.get(query.category, 0) > self.most_counted else set()
        self._large = totals[""] > self.in_memory_limit
        return tally.facets(query), totals.get(query.category, 0)

    async def _facet_counts(
        self, query: Query, scale: PriceScale, matched: Sequence[ColumnElement[bool]]
    ) -> tuple[tuple[Facet, ...], int]:
        """The facets of a query in a large catalogue, and its number of products, at most `most_counted` + 1."""
        labels = await self._labels()
        counts = FacetCounts(query, scale, self.engine.dialect.name, matched, self.most_counted)
        tally = await self._tally(counts.statement(labels), labels)
        totals = {name: count for name, (_label, count) in tally.counts.pop(TOTAL, {}).items()}
        total = totals.get("", 0)
        tally.at_least = {name for name in tally.counts if totals.get(name, total) > self.most_counted}
        return tally.facets(query), total

    async def _tally(self, statement: Executable, labels: Mapping[str, Mapping[str, str]]) -> Tally:
        """The counts that a statement of FacetCounts selects."""
        tally = Tally()
        for row in sorted(await fetch(self.engine, statement), key=lambda row: (row.first, row.value)):
            values = bands_at(int(row.value)) if row.name == "price" else [row.value]
            if row.products:
                known = labels.get(row.name, {})
                tally.add([(row.name, [(value, known.get(value, value)) for value in values])], row.products)
        return tally

    async def _labels(self) -> dict[str, dict[str, str]]:
        """The label of each value of the built-in facets, in the whole catalogue."""
        where = (facets.c.category == "", facets.c.name.in_(list(BUILT_IN)))
        found: dict[str, dict[str, str]] = {}
        for row in await fetch(self.engine, select(facets).where(*where).order_by(facets.c.position)):
            found.setdefault(row.name, {})[row.value] = row.label
        return found

    async def _large_page(
        self, query: Query, scale: PriceScale, text: TextSearch | None, counts: tuple[Facet, ...], total: int
    ) -> Page:
        where, scores, page = listing_conditions(query, scale), None, clamp_page(query.page, total)
        if text and query.sort == "featured" and (best := await self._best(text, where, page)):
            where = best
        elif text and query.sort == "featured":
            scores = scored(self.search, text).subquery()
            where.append(listings.c.product_id == scores.c.product_id)
        elif text:
            where.append(listings.c.product_id.in_(matching_ids(self.search, text)))
        elif groups := token_groups(query):
            matches = with_tokens(self.search, groups)
            if await self._count(matches, self.in_memory_limit * INDEX_FACTOR) <= self.in_memory_limit * INDEX_FACTOR:
                where.append(listings.c.product_id.in_(matches))
        found = await fetch(self.engine, page_statement(where, query.sort, page, scores))
        return page_of(query, map(rows.listing, found), counts, total)

    async def _best(
        self, text: TextSearch, where: Sequence[ColumnElement[bool]], page: int
    ) -> list[ColumnElement[bool]]:
        """The conditions of the matches that rank highest, if these fill all pages up to one; then none is scored."""
        if not text.strict:
            return []
        best = [*where, listings.c.in_stock, listings.c.product_id.in_(best_titles(self.search, text))]
        enough = page * PAGE_SIZE
        return best if await self._count(product_ids(best), enough) > enough else []

    async def _count(self, statement: Select[Any], limit: int | None = None) -> int:
        """The number of rows of a statement; limit + 1 if there are more than `limit`."""
        counted = statement.limit(limit + 1) if limit is not None else statement
        count = select(func.count()).select_from(counted.subquery())
        return int((await fetch(self.engine, count))[0][0])

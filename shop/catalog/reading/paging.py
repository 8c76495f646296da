"""SQL that reads one page of a large catalogue along the index of its sort order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from shop.catalog.model import Query, Sort
from shop.catalog.reading import rows
from shop.catalog.reading.facet_definition import VariantFacet
from shop.catalog.reading.facets import facets_of
from shop.catalog.reading.filtering import PAGE_SIZE
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.schema import listings, products, variants

_ORDERS: dict[Sort, tuple[ColumnElement[Any], bool]] = {
    "featured": (listings.c.rank, False),
    "price-asc": (listings.c.price, False),
    "price-desc": (listings.c.price, True),
    "newest": (listings.c.created_at, True),
    "name": (listings.c.title_key, False),
}


def listing_conditions(query: Query, scale: PriceScale) -> list[ColumnElement[bool]]:
    """The conditions of a query on a row of listings, without its text."""
    facets = facets_of(query)
    conditions = [condition for facet in facets for condition in facet.conditions(query, scale)]
    of_variants = [facet for facet in facets if isinstance(facet, VariantFacet) and facet.selected(query)]
    if len(of_variants) == 1 and (listed := of_variants[0].listed) is not None:
        return [*conditions, listed]
    return [*conditions, _has_variant(query, of_variants)] if of_variants else conditions


def _has_variant(query: Query, facets: Iterable[VariantFacet]) -> ColumnElement[bool]:
    conditions = [facet.variant_condition(query) for facet in facets]
    return select(variants.c.sku).where(variants.c.product_id == listings.c.product_id, *conditions).exists()


def page_statement(
    conditions: list[ColumnElement[bool]], sort: Sort, page: int, scores: FromClause | None = None
) -> Select[Any]:
    """Selects the LISTING rows of a page, in order: by `scores` (joined by a condition), if there are any."""
    key, descending = _ORDERS[sort]
    best = [] if scores is None else [(scores.c.score, True), (listings.c.in_stock, True)]
    keys = [*best, (key, descending), (listings.c.product_id, descending)]
    ordered = product_ids(conditions).add_columns(*(column.label(f"key_{at}") for at, (column, _) in enumerate(keys)))
    page_ids = ordered.order_by(*_ordering(keys)).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE).subquery()
    same_keys = [(page_ids.c[f"key_{at}"], descending) for at, (_, descending) in enumerate(keys)]
    statement = select(*rows.LISTING).join(page_ids, page_ids.c.product_id == products.c.id)
    return statement.order_by(*_ordering(same_keys))


def _ordering(keys: Sequence[tuple[ColumnElement[Any], bool]]) -> list[ColumnElement[Any]]:
    """The terms of ORDER BY for (column, whether descending)."""
    return [column.desc() if descending else column for column, descending in keys]


def product_ids(conditions: list[ColumnElement[bool]]) -> Select[Any]:
    """Selects the ids of the products that meet the conditions, unordered."""
    return select(listings.c.product_id).where(*conditions)


def token_groups(query: Query) -> list[list[str]]:
    """The index tokens of the query's facets: a match has at least one token of each group."""
    return [tokens for facet in facets_of(query) if facet.in_search_index and (tokens := facet.tokens(query))]

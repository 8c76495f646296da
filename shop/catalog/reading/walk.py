"""Statements that cut a page out of a large catalogue by walking the index that has its order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from shop.catalog.model import Query, Sort
from shop.catalog.reading import rows
from shop.catalog.reading.facet_definition import VariantFacet
from shop.catalog.reading.facets import facets_of
from shop.catalog.reading.narrow import PAGE_SIZE
from shop.catalog.schema import listings, products, variants

_ORDERS: dict[Sort, tuple[ColumnElement[Any], bool]] = {
    "featured": (listings.c.rank, False),
    "price-asc": (listings.c.price, False),
    "price-desc": (listings.c.price, True),
    "newest": (listings.c.created_at, True),
    "name": (listings.c.title_key, False),
}


def conditions(query: Query, currency: str) -> list[ColumnElement[bool]]:
    """What a row of listings must fulfil, but for the text that is searched."""
    facets = facets_of(query)
    wanted = [condition for facet in facets for condition in facet.conditions(query, currency)]
    of_variants = [facet for facet in facets if isinstance(facet, VariantFacet) and facet.selected(query)]
    if len(of_variants) == 1 and (listed := of_variants[0].listed) is not None:
        return [*wanted, listed]
    return [*wanted, _has_variant(query, of_variants)] if of_variants else wanted


def _has_variant(query: Query, facets: Iterable[VariantFacet]) -> ColumnElement[bool]:
    wanted = [facet.variant_condition(query) for facet in facets]
    return select(variants.c.sku).where(variants.c.product_id == listings.c.product_id, *wanted).exists()


def page_statement(wanted: list[ColumnElement[bool]], sort: Sort, page: int) -> Select[Any]:
    """The LISTING rows of a page, in order."""
    key, backwards = _ORDERS[sort]
    place = (key.desc(), listings.c.product_id.desc()) if backwards else (key, listings.c.product_id)
    ordered = walk(wanted).add_columns(key.label("place")).order_by(*place)
    cut = ordered.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE).subquery()
    again = (cut.c.place.desc(), cut.c.product_id.desc()) if backwards else (cut.c.place, cut.c.product_id)
    return select(*rows.LISTING).join(cut, cut.c.product_id == products.c.id).order_by(*again)


def walk(wanted: list[ColumnElement[bool]]) -> Select[Any]:
    """The products of a walk, in no order."""
    return select(listings.c.product_id).where(*wanted)


def token_groups(query: Query) -> list[list[str]]:
    """What the search index has of the query's facets: a product has one token of each group."""
    return [tokens for facet in facets_of(query) if (tokens := facet.tokens(query))]

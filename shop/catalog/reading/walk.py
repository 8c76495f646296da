"""Statements that cut a page out of a large catalogue by walking the index that has its order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from shop.catalog.model import Query, Sort
from shop.catalog.reading import rows
from shop.catalog.reading.facets import Filters
from shop.catalog.reading.narrow import PAGE_SIZE
from shop.catalog.schema import listings, products, variants
from shop.catalog.text import category_token, token

_ORDERS: dict[Sort, tuple[ColumnElement[Any], bool]] = {
    "featured": (listings.c.rank, False),
    "price-asc": (listings.c.price, False),
    "price-desc": (listings.c.price, True),
    "newest": (listings.c.created_at, True),
    "name": (listings.c.title_key, False),
}


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """What a row of listings must fulfil, but for the text that is searched."""
    wanted = [listings.c.category == filters.category]
    if filters.low is not None:
        wanted.append(listings.c.price >= filters.low)
    if filters.high is not None:
        wanted.append(listings.c.price <= filters.high)
    if filters.options:
        wanted.append(_has_variant(filters))
    elif filters.in_stock:
        wanted.append(listings.c.in_stock)
    return wanted


def _has_variant(filters: Filters) -> ColumnElement[bool]:
    wanted = [variants.c.product_id == listings.c.product_id]
    for name, values in filters.options.items():
        wanted.append(or_(*(variants.c.tokens.contains(token(name, value)) for value in sorted(values))))
    if filters.in_stock:
        wanted.append(or_(variants.c.stock.is_(None), variants.c.stock > 0))
    return select(variants.c.sku).where(and_(*wanted)).exists()


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
    """The query's category and options as tokens: a product has one of each group."""
    options: dict[str, list[str]] = {}
    for name, value in query.options:
        options.setdefault(name, []).append(token(name, value))
    return [*([[category_token(query.category)]] if query.category else []), *options.values()]

"""Filters, counts, sorts and pages a small set of products in memory. Pure.

The SQL for a large catalogue must give the same results; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from shop.catalog.model import Facet, Listing, Page, Query, Sort
from shop.catalog.reading.counts import Filters, Tally
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.traits import Traits
from shop.catalog.text import search_words

PAGE_SIZE = 24
"""Products per page: fills rows of 2, 3 and 4."""
MAX_PAGES = 100
"""Maximum pages of a listing: it bounds the cost of the last page."""


class Candidate(msgspec.Struct, frozen=True):
    """A published product that a page may list."""

    id: int
    rank: int
    created_at: int
    price: int
    """The lowest, in minor units of the catalogue's currency."""
    title: str
    traits: Traits
    listing: Callable[[], Listing]
    """Builds the listing; called only for products on the page."""
    score: int = 0
    """How well it matches the text of the query."""


_ORDERS: dict[Sort, tuple[Callable[[Candidate], Any], bool]] = {
    "featured": (lambda c: (c.rank, c.id), False),
    "price-asc": (lambda c: (c.price, c.id), False),
    "price-desc": (lambda c: (c.price, c.id), True),
    "newest": (lambda c: (c.created_at, c.id), True),
    "name": (lambda c: (title_key(c.title), c.id), False),
}


def filtered_page(candidates: Sequence[Candidate], query: Query, scale: PriceScale) -> Page:
    """The page of a query. All candidates already match its text."""
    return page_from(matching(candidates, query, scale), query, facet_counts(candidates, query, scale))


def page_from(found: Sequence[Candidate], query: Query, facets: tuple[Facet, ...]) -> Page:
    """The page of a query from all its matches, in order."""
    start = (clamp_page(query.page, len(found)) - 1) * PAGE_SIZE
    return page_of(query, (candidate.listing() for candidate in found[start : start + PAGE_SIZE]), facets, len(found))


def matching(candidates: Iterable[Candidate], query: Query, scale: PriceScale) -> list[Candidate]:
    """The candidates that pass the filters, sorted. 'Featured' ranks the best matches first, then what is in stock."""
    filters = Filters(query, scale)
    key, descending = _ORDERS[query.sort]
    found = sorted((c for c in candidates if filters.passes(c.traits, c.price)), key=key, reverse=descending)
    if query.sort == "featured" and query.q:
        found.sort(key=lambda candidate: (-candidate.score, not candidate.traits.available))
    return found


def facet_counts(candidates: Iterable[Candidate], query: Query, scale: PriceScale) -> tuple[Facet, ...]:
    """The facets of a query over the products that its text matches."""
    filters, tally = Filters(query, scale), Tally()
    for candidate in sorted(candidates, key=lambda c: c.rank):
        tally.add(filters.additions(candidate.traits, candidate.price))
    return tally.facets(query)


def page_of(query: Query, listings: Iterable[Listing], facets: tuple[Facet, ...], total: int) -> Page:
    """A page, with its number clamped to the existing pages."""
    pages = clamp_page(MAX_PAGES, total)
    return Page(
        query=msgspec.structs.replace(query, page=clamp_page(query.page, total)),
        listings=tuple(listings),
        facets=facets,
        total=total,
        pages=pages,
    )


def clamp_page(page: int, total: int) -> int:
    """The nearest existing page of a listing of `total` products, from 1 to MAX_PAGES."""
    return max(1, min(page, -(-total // PAGE_SIZE), MAX_PAGES))


def title_key(title: str) -> str:
    """The key that 'name' sorts by."""
    return " ".join(search_words(title))[:120]

"""What a query does to a small set of products: filter, count, sort and cut out a page. Pure.

This is also what the queries of a large catalogue must agree with: tests hold one against the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from shop.catalog.model import Facet, Listing, Page, Query, Sort
from shop.catalog.reading.counts import Filters, Tally
from shop.catalog.reading.traits import Traits
from shop.catalog.text import terms, words

PAGE_SIZE = 24
"""Products on a page: fills rows of 2, 3 and 4."""
MAX_PAGES = 100
"""Pages of a listing, however many products there are: reaching the last one costs a bounded walk."""


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
    """Makes what is shown of it: only those on the page are."""


_ORDERS: dict[Sort, tuple[Callable[[Candidate], Any], bool]] = {
    "featured": (lambda c: (c.rank, c.id), False),
    "price-asc": (lambda c: (c.price, c.id), False),
    "price-desc": (lambda c: (c.price, c.id), True),
    "newest": (lambda c: (c.created_at, c.id), True),
    "name": (lambda c: (title_key(c.title), c.id), False),
}


def narrow(candidates: Sequence[Candidate], query: Query, currency: str) -> Page:
    """The page of a query whose text all the candidates match."""
    return cut(matching(candidates, query, currency), query, counted(candidates, query, currency))


def cut(found: Sequence[Candidate], query: Query, facets: tuple[Facet, ...]) -> Page:
    """The page of a query out of all that it found, in order."""
    start = (clamped(query.page, len(found)) - 1) * PAGE_SIZE
    return page_of(query, (candidate.listing() for candidate in found[start : start + PAGE_SIZE]), facets, len(found))


def matching(candidates: Iterable[Candidate], query: Query, currency: str) -> list[Candidate]:
    """Those that pass the filters, sorted. 'Featured' puts first whose title has the words that were searched."""
    filters = Filters(query, currency)
    key, backwards = _ORDERS[query.sort]
    found = sorted((c for c in candidates if filters.passes(c.traits, c.price)), key=key, reverse=backwards)
    if query.sort == "featured" and (wanted := terms(query.q)):
        found.sort(key=lambda candidate: _missing(wanted, words(candidate.title)))
    return found


def counted(candidates: Iterable[Candidate], query: Query, currency: str) -> tuple[Facet, ...]:
    """The facets of a query over the products that its text matches."""
    filters, tally = Filters(query, currency), Tally()
    for candidate in sorted(candidates, key=lambda c: c.rank):
        tally.add(filters.additions(candidate.traits, candidate.price))
    return tally.facets(query)


def page_of(
    query: Query, listings: Iterable[Listing], facets: tuple[Facet, ...], total: int, *, more: bool = False
) -> Page:
    """A page with its number brought into range."""
    pages = clamped(MAX_PAGES, total)
    return Page(
        query=msgspec.structs.replace(query, page=clamped(query.page, total)),
        listings=tuple(listings),
        facets=facets,
        total=total,
        pages=pages,
        more=more,
    )


def clamped(page: int, total: int) -> int:
    """The nearest page that exists when there are so many products; at least 1, at most MAX_PAGES."""
    return max(1, min(page, -(-total // PAGE_SIZE), MAX_PAGES))


def title_key(title: str) -> str:
    """What 'name' sorts by."""
    return " ".join(words(title))[:120]


def _missing(wanted: Sequence[str], title: Sequence[str]) -> int:
    """What a title lacks of the words wanted: 2 for each that is not there, 1 where it only begins a word."""
    return sum(0 if term in title else 1 if any(w.startswith(term) for w in title) else 2 for term in wanted)

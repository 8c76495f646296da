"""Builds and parses the URLs of the shop."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode

from shop.catalog.model import SORTS, Query, Sort
from shop.catalog.reading.facet_definition import MAX_LENGTH
from shop.catalog.reading.facets import facets_of, read_facets
from shop.catalog.reading.parameters import one_line, whole_number

MAX_QUERY = 4096
"""Maximum bytes of a query string; longer ones are ignored, because query strings are cache keys."""
MAX_SEARCH = 200
MAX_PAGE = 100_000
MAX_RECOMMENDING = 24
"""Products of a cart that its recommendations are based on."""


@lru_cache(maxsize=16384)
def product_path(handle: str, sku: str = "") -> str:
    """The URL of a product's page, with the variant of `sku` selected if given."""
    path = f"/product/{quote(handle, safe='')}"
    return f"{path}?{urlencode({'variant_id': sku})}" if sku else path


@lru_cache(maxsize=16384)
def line_path(sku: str, *, saved: bool = False) -> str:
    """The URL of the cart line of a sku, encoded twice so that '/' and '..' in a sku survive the server's decoding."""
    once = quote(sku, safe="").replace(".", "%2E")
    return f"/cart/{'saved' if saved else 'lines'}/{quote(once, safe='')}"


@lru_cache(maxsize=4096)
def recommended_path(handles: tuple[str, ...]) -> str:
    """The URL of recommendations for these products, the first ones weighing most; '' for no products."""
    named = ",".join(quote(handle, safe="") for handle in handles[:MAX_RECOMMENDING])
    return f"/recommended?handles={named}" if named else ""


def sku_of(segment: str) -> str:
    """The sku in a path segment that the server has already decoded once."""
    return unquote(segment)


def listing_query(query_string: bytes) -> Query:
    """The query of the grid's URL. Invalid parameters, and query strings that are too long, are ignored."""
    return _listing_query(query_string if len(query_string) <= MAX_QUERY else b"")


@lru_cache(maxsize=4096)
def _listing_query(query_string: bytes) -> Query:
    try:
        pairs = parse_qsl(query_string.decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        return Query()
    given = dict(reversed(pairs))
    sort: Sort = next((sort for sort in SORTS if sort == given.get("sort")), "featured")
    plain = Query(
        q=one_line(given.get("q", ""), MAX_SEARCH),
        sort=sort,
        page=max(1, whole_number(given.get("page", ""), MAX_PAGE) or 1),
        expanded=one_line(given.get("all", ""), MAX_LENGTH),
    )
    return read_facets(plain, pairs)


@lru_cache(maxsize=16384)
def listing_path(query: Query) -> str:
    """The canonical grid URL of a query; the front page is '/'."""
    given = urlencode(listing_fields(query))
    return f"/?{given}" if given else "/"


def listing_fields(query: Query) -> tuple[tuple[str, str], ...]:
    """The fields of the grid's URL."""
    pairs = [
        ("q", query.q),
        *(pair for facet in facets_of(query) for pair in facet.write(query)),
        ("sort", "" if query.sort == "featured" else query.sort),
        ("page", "" if query.page == 1 else str(query.page)),
        ("all", query.expanded),
    ]
    return tuple((name, value) for name, value in pairs if value)

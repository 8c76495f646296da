"""Addresses within the shop: how they are written and how what comes back in one is read."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode

from shop.catalog.model import SORTS, Query, Sort

MAX_QUERY = 4096
"""Bytes of a query string: what it asks for is remembered by it."""
MAX_SEARCH = 200
MAX_PAGE = 100_000
MAX_PRICE = 10**9 - 1
MOST_RECOMMENDING = 24
"""Products of a cart that its recommendations know of."""
_OPTION = "option."
_COUNT = re.compile(r"[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@lru_cache(maxsize=16384)
def product_path(handle: str, sku: str = "") -> str:
    """The page of a product, with a variant chosen where a sku is given."""
    path = f"/product/{quote(handle, safe='')}"
    return f"{path}?{urlencode({'variant_id': sku})}" if sku else path


@lru_cache(maxsize=16384)
def line_path(sku: str, *, saved: bool = False) -> str:
    """The cart line of a sku. A sku may hold any character: encoded twice, a slash and a '..' survive the way here."""
    once = quote(sku, safe="").replace(".", "%2E")
    return f"/cart/{'saved' if saved else 'lines'}/{quote(once, safe='')}"


@lru_cache(maxsize=4096)
def recommended_path(handles: tuple[str, ...]) -> str:
    """What goes well with these products, the first ones before all; '' where there are none."""
    named = ",".join(quote(handle, safe="") for handle in handles[:MOST_RECOMMENDING])
    return f"/recommended?handles={named}" if named else ""


def order_path(number: str) -> str:
    """The page of an order."""
    return f"/order/{quote(number, safe='')}"


def sku_of(segment: str) -> str:
    """The sku in a path segment that the server has decoded once."""
    return unquote(segment)


def one_line(text: str, length: int) -> str:
    """A text as a search box would hold it: no control characters, no spaces around, cut off at the length."""
    return _CONTROL.sub(" ", text).strip()[:length]


def listing_query(query_string: bytes) -> Query:
    """What the grid's URL asks for. Whatever cannot be understood counts as not asked for, as does what is too long."""
    return _listing_query(query_string if len(query_string) <= MAX_QUERY else b"")


@lru_cache(maxsize=4096)
def _listing_query(query_string: bytes) -> Query:
    try:
        pairs = parse_qsl(query_string.decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        return Query()
    given = dict(reversed(pairs))
    sort: Sort = next((sort for sort in SORTS if sort == given.get("sort")), "featured")
    options = {
        (one_line(name.removeprefix(_OPTION), 80), one_line(value, 80))
        for name, value in pairs
        if name.startswith(_OPTION)
    }
    low, high = price_range(given.get("price", ""))
    return Query(
        q=one_line(given.get("q", ""), MAX_SEARCH),
        category=one_line(given.get("category", ""), 80),
        min_price=low if low is not None else _count(given.get("min_price", ""), MAX_PRICE),
        max_price=high if high is not None else _count(given.get("max_price", ""), MAX_PRICE),
        in_stock=given.get("in_stock") in ("1", "on", "true"),
        options=tuple(sorted(options)),
        sort=sort,
        page=max(1, _count(given.get("page", ""), MAX_PAGE) or 1),
    )


@lru_cache(maxsize=16384)
def listing_path(query: Query) -> str:
    """The grid's URL for a query; the same query has one spelling, and the front page is '/'."""
    pairs = [
        ("q", query.q),
        ("category", query.category),
        *((_OPTION + name, value) for name, value in query.options),
        ("min_price", "" if query.min_price is None else str(query.min_price)),
        ("max_price", "" if query.max_price is None else str(query.max_price)),
        ("in_stock", "1" if query.in_stock else ""),
        ("sort", "" if query.sort == "featured" else query.sort),
        ("page", "" if query.page == 1 else str(query.page)),
    ]
    given = urlencode([(name, value) for name, value in pairs if value])
    return f"/?{given}" if given else "/"


def facet_field(name: str) -> str:
    """The form field and URL parameter of a facet: 'category', 'price', 'in_stock'; 'option.Colour' for an option."""
    return name if name in ("category", "price", "in_stock") else _OPTION + name


def price_range(text: str) -> tuple[int | None, int | None]:
    """The bounds in '10-25', '-10' or '50-', in major units of the catalogue's currency; None for no bound."""
    low, _, high = text.partition("-")
    return _count(low, MAX_PRICE), _count(high, MAX_PRICE)


def _count(text: str, most: int) -> int | None:
    return min(int(text), most) if _COUNT.fullmatch(text) else None

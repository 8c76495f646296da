"""Addresses: one spelling for one thing, and what comes back in one is read with care."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.model import SORTS, Query
from shop.catalog.reading.facets import facet_of
from shop.catalog.reading.parameters import price_range
from shop.typed import one_line
from shop.web.http.reply import safe_return
from shop.web.render.paths import line_path, listing_path, listing_query, sku_of

words = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30).map(one_line).filter(bool)
prices = st.none() | st.integers(0, 10**9 - 1)
queries = st.builds(
    Query,
    q=words | st.just(""),
    category=words | st.just(""),
    min_price=prices,
    max_price=prices,
    in_stock=st.booleans(),
    options=st.sets(st.tuples(words, words), max_size=4).map(lambda pairs: tuple(sorted(pairs))),
    sort=st.sampled_from(SORTS),
    page=st.integers(1, 100_000),
)


@given(queries)
def test_a_listing_is_found_again_under_its_address(query: Query) -> None:
    assert listing_query(urlsplit(listing_path(query)).query.encode()) == query


def test_the_front_page_has_no_query() -> None:
    assert listing_path(Query()) == "/"


@pytest.mark.parametrize(
    ("query_string", "query"),
    [
        (b"q=&category=&sort=featured&page=1", Query()),
        (b"utm_source=x&fbclid=y", Query()),
        (b"sort=upwards&page=-3&min_price=ten&in_stock=maybe", Query()),
        (b"q=mug&q=bowl", Query(q="mug")),
        (b"price=10-25", Query(min_price=10, max_price=25)),
        (b"price=10-25&price_in=JPY", Query(min_price=10, max_price=25, price_in="JPY")),
        (b"price_in=JPY", Query()),
        (b"category=a&category=b&category=a", Query(category="a", categories=("b",))),
        (b"all=Size", Query(expanded="Size")),
        (b"price=50-", Query(min_price=50)),
        (b"min_price=5&max_price=", Query(min_price=5)),
        (b"page=99999999999999999999", Query(page=100_000)),
        (b"in_stock=on", Query(in_stock=True)),
        (b"q=" + b"x" * 500, Query(q="x" * 200)),
        (b"&".join(b"a=b" for _ in range(60)), Query()),
        (b"\xff\xfe=%ff&q=%00a%0ab", Query(q="a b")),
    ],
)
def test_what_is_not_understood_is_not_asked_for(query_string: bytes, query: Query) -> None:
    assert listing_query(query_string) == query


@given(st.binary(max_size=200))
def test_no_query_string_is_too_odd(query_string: bytes) -> None:
    listing_query(query_string)


@given(words, st.booleans())
def test_a_sku_survives_one_decoding_by_the_server(sku: str, saved: bool) -> None:
    path = line_path(sku, saved=saved)
    segment = path.rpartition("/")[2]
    assert sku_of(unquote(segment)) == sku
    assert "/" not in unquote(segment)
    assert unquote(segment) not in (".", "..", "")


@pytest.mark.parametrize("path", ["/", "/cart", "/product/mug?variant_id=A%2FB", "/?q=a+b&sort=name", "/größe"])
def test_our_own_paths_are_safe_to_return_to(path: str) -> None:
    assert unquote(safe_return(path)) == unquote(path)
    assert safe_return(path).isascii()


@given(st.text(max_size=50))
def test_no_other_place_is_returned_to(text: str) -> None:
    path = safe_return(text)
    assert path.isascii()
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert not urlsplit(path).netloc
    assert not set(path) & set("\r\n\t \\")


def test_a_facet_of_options_has_a_name_of_its_own() -> None:
    assert [facet_of(name).parameter for name in ("category", "in_stock", "q")] == ["category", "in_stock", "option.q"]


@pytest.mark.parametrize(
    ("text", "bounds"), [("10-20", (10, 20)), ("-20", (None, 20)), ("10-", (10, None)), ("x-y", (None, None))]
)
def test_bounds(text: str, bounds: tuple[int | None, int | None]) -> None:
    assert price_range(text) == bounds


def test_a_query_that_is_too_long_to_be_remembered_asks_for_nothing() -> None:
    assert listing_query(b"sort=name&q=" + b"a" * 4000).sort == "name"
    assert listing_query(b"sort=name&q=" + b"a" * 5000) == Query()

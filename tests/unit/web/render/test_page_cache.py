"""Cached pages: bytes with a placeholder for the badge, within a size limit."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import RequestFactory

from shop.web.http.request import ShopRequest
from shop.web.render import page_cache
from shop.web.render.page_cache import BADGE_PLACEHOLDER, CachedPage, PageCache


@given(before=st.text(max_size=3000), after=st.text(max_size=3000), badge=st.sampled_from(["", "1", "42", "9999"]))
def test_the_compressed_page_equals_the_plain_one(before: str, after: str, badge: str) -> None:
    page = CachedPage(before + BADGE_PLACEHOLDER + after)
    for _ in range(2):
        assert gzip.decompress(page.gzip(badge.encode())) == (before + badge + after).encode()


def test_a_page_without_a_badge_is_sent_unchanged() -> None:
    headers = {"Cookie": "cart_count=3"}
    reply = CachedPage("fragment").reply(ShopRequest(RequestFactory().get(headers=headers).scope))
    assert reply.body == b"fragment"


def test_equal_pages_have_equal_tags_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def tag(before: str, after: str, placeholder: str) -> bytes:
        monkeypatch.setattr(page_cache, "BADGE_PLACEHOLDER", placeholder)
        reply = CachedPage(before + placeholder + after).reply(ShopRequest(RequestFactory().get().scope))
        return dict(reply.headers)[b"etag"]

    assert tag("<p>", "</p>", "badge-1") == tag("<p>", "</p>", "badge-2")
    assert tag("<p>", "</p>", "badge-1") != tag("<p></p>", "", "badge-1")


def test_the_least_recently_used_page_is_evicted_first() -> None:
    size = CachedPage("a" * 1000).size
    pages = PageCache(max_bytes=3 * size)
    pages.get(1, "start")
    for key in "abc":
        pages.keep(1, key, CachedPage(key * 1000))
    assert pages.get(1, "a")
    pages.keep(1, "d", CachedPage("d" * 1000))

    assert [key for key in "abcd" if pages.get(1, key)] == ["a", "c", "d"]
    assert pages.bytes <= 3 * size


def test_a_page_cached_twice_counts_once() -> None:
    pages = PageCache(max_bytes=10**6)
    pages.get(1, "a")
    for _ in range(2):
        pages.keep(1, "a", CachedPage("text"))
    assert pages.bytes == CachedPage("text").size


def test_a_new_version_clears_the_cache_and_rejects_late_pages() -> None:
    pages = PageCache(max_bytes=10**6)
    pages.get(1, "a")
    pages.keep(1, "a", CachedPage("one"))
    assert pages.get(2, "a") is None
    assert (len(pages), pages.bytes) == (0, 0)

    late = pages.keep(1, "a", CachedPage("one"))
    assert late.size
    assert pages.get(2, "a") is None


def test_a_page_larger_than_the_cache_is_served_but_not_cached() -> None:
    pages = PageCache(max_bytes=100)
    pages.get(1, "a")
    assert pages.keep(1, "a", CachedPage("text")).size > 100
    assert (len(pages), pages.bytes) == (0, 0)

"""Cached pages: bytes with a placeholder for the badge, within a size limit."""

from __future__ import annotations

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import RequestFactory

from shop.resources import resource_dir
from shop.web.http.request import ShopRequest
from shop.web.render import page_cache
from shop.web.render.page_cache import BADGE_PLACEHOLDER, CachedPage, PageCache, gap_of
from shop.web.render.splicing import brotlied
from tests.fixtures.codings import DECOMPRESS

BADGES = ["", "1", "42", "999", "9999"]


def decompressed(cached: CachedPage, badge: str, coding: str) -> bytes:
    """A page that was sent with a coding."""
    return DECOMPRESS[coding](cached.body(badge.encode(), coding))


def page(before: str, after: str, placeholder: str = BADGE_PLACEHOLDER) -> CachedPage:
    """A page with a badge between two texts."""
    return CachedPage(f"{before}{placeholder}</span>{after}")


def test_the_number_is_in_the_badge_and_every_visitor_gets_as_many_bytes() -> None:
    cached = page('<a><span class="badge">', "</a>")
    bodies = [cached.body(badge.encode()) for badge in BADGES]
    assert bodies[1] == b'<a><span class="badge">1</span    ></a>'
    assert [body.partition(b">")[2].partition(b">")[2].partition(b"<")[0].decode() for body in bodies] == BADGES
    assert len({len(body) for body in bodies}) == 1


@given(before=st.text(min_size=1, max_size=3000), after=st.text(max_size=3000), badge=st.sampled_from(BADGES))
def test_a_compressed_page_equals_the_plain_one(before: str, after: str, badge: str) -> None:
    cached = page(before, after)
    for coding in DECOMPRESS:
        for _ in range(2):
            assert decompressed(cached, badge, coding) == cached.body(badge.encode())


@given(
    before=st.text("abc </>", min_size=1, max_size=300),
    after=st.text("abc </>", max_size=300),
    quality=st.integers(4, 11),
)
def test_what_follows_the_badge_never_refers_to_it(before: str, after: str, quality: int) -> None:
    """Texts like the gap's own, so that there is much to refer to."""
    spliced = brotlied(before.encode(), after.encode(), quality)
    for badge in BADGES:
        gap = gap_of(badge.encode())
        assert brotli.decompress(spliced(gap)) == before.encode() + gap + after.encode()


def test_a_page_that_lasts_is_compressed_at_the_best_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "_LASTING_SECONDS", -1.0)
    text = resource_dir("templates").joinpath("catalog/product.html").read_text() * 3
    cached = page(text, text)
    first = len(cached.body(b"1", "br"))
    cached.body(b"1", "br")
    with page_cache._compressing:  # once it is done
        pass
    assert len(cached.body(b"1", "br")) < first
    assert decompressed(cached, "42", "br") == cached.body(b"42")


def test_a_page_without_a_badge_is_sent_unchanged() -> None:
    headers = {"Cookie": "cart_count=3"}
    reply = CachedPage("fragment").reply(ShopRequest(RequestFactory().get(headers=headers).scope))
    assert reply.body == b"fragment"


def test_equal_pages_have_equal_tags_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def tag(before: str, after: str, placeholder: str) -> bytes:
        monkeypatch.setattr(page_cache, "BADGE_PLACEHOLDER", placeholder)
        reply = page(before, after, placeholder).reply(ShopRequest(RequestFactory().get().scope))
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

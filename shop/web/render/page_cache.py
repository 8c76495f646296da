"""Caches rendered pages. A browse page is the same for everyone except for the number on the cart's badge.

A page is rendered once per catalogue version, currency, language and address, split where the number goes, and then
sent as bytes. It is compressed once for each coding, with a gap for the number: see splicing.py. The gap has the same
length for every number, because white space may fill up an end tag.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from hashlib import blake2b

from shop.i18n import spoken
from shop.web.http.compression import BROTLI, COMPRESS_WELL, IDENTITY, SMALLEST, ZSTD, coding_of
from shop.web.http.reply import HTML, REVALIDATE, VARY, Header, Reply
from shop.web.http.request import ShopRequest
from shop.web.render.dictionaries import DCZ, Dictionaries, Dictionary
from shop.web.render.splicing import GAP, Spliced, brotlied, gzipped, zstandard

BADGE_PLACEHOLDER = f"badge-{secrets.token_hex(16)}"
"""Marks the position of the badge's number in the HTML of a page that is cached for everyone.

Templates.render puts it into the badge in place of a number; CachedPage splits the page there and inserts each
visitor's number. The placeholder is random for each process, so that no text of the catalogue or of a client can
contain it: a forged one would become a second split, and so a way to break the page.
"""
BADGE_END = "</span>"
"""What follows the number in components/cart_badge.html."""
_QUALITY, _BEST_QUALITY = 5, 11
"""Of brotli: 4 ms and 180 ms for the front page, which is then a tenth smaller."""
_LEVEL = 5
"""Of zstd."""
_DICTIONARY_LEVEL = 12
"""Of zstd with a dictionary."""
_LASTING_SECONDS = 10.0
"""A page that is still asked for after this time is compressed at the best quality, in the background."""
_OVERHEAD = 1000
"""Estimated bytes of memory for a cached page in addition to its text."""

_compressing = threading.Lock()
"""Held while a page is compressed in the background: one at a time."""


def gap_of(badge: bytes) -> bytes:
    """The content of the gap: the badge's number and its end tag, always as long."""
    return badge + b"</span" + b" " * (GAP - len(badge) - 7) + b">"


def edge_caching(seconds: int) -> Header:
    """Lets a shared cache keep a page for a time, and browsers ask again as ever; with 0, lets none keep it."""
    return (b"cache-control", b"public, max-age=0, s-maxage=%d" % seconds) if seconds else REVALIDATE


class CachedPage:
    """A rendered page: the parts before and after the badge's number. Fragments have no badge."""

    __slots__ = (
        "_coded",
        "_dictionaries",
        "_digest",
        "_edge",
        "_has_badge",
        "_head",
        "_lasts_from",
        "_tail",
        "size",
        "status",
    )

    def __init__(
        self, text: str, status: int = 200, dictionaries: Dictionaries | None = None, edge_seconds: int = 0
    ) -> None:
        head, placeholder, tail = text.partition(BADGE_PLACEHOLDER + BADGE_END)
        self._has_badge = bool(placeholder)
        self.status = status
        self._head, self._tail = head.encode(), tail.encode()
        # Without the placeholder, which is another one in every process: equal pages have equal tags everywhere.
        self._digest = blake2b(self._head + b"\0" + self._tail, digest_size=12).hexdigest().encode()
        self._coded: dict[str | bytes, Spliced] = {}
        self._dictionaries = dictionaries if self._has_badge else None
        self._edge = edge_caching(edge_seconds)
        self._lasts_from = time.monotonic() + _LASTING_SECONDS
        self.size = _OVERHEAD + 2 * (len(self._head) + len(self._tail))

    def reply(self, request: ShopRequest) -> Reply:
        """The page with the visitor's number on the badge; 304 if the browser has it already."""
        badge = request.badge.encode() if self._has_badge else b""
        tag = b'W/"%b-%b"' % (self._digest, badge)
        headers: list[Header] = [HTML, VARY, self._caching(request), (b"etag", tag)]
        if tag in request.raw_headers.get(b"if-none-match", b""):
            return Reply(304, headers)
        if self._dictionaries is not None:
            headers += self._dictionaries.to_fetch(request)
            if dictionary := self._dictionaries.of(request):
                headers.append((b"content-encoding", DCZ.encode()))
                return Reply(self.status, headers, self._differing(badge, dictionary))
        coding = coding_of(request.raw_headers.get(b"accept-encoding", b""), SMALLEST)
        if coding != IDENTITY:
            headers.append((b"content-encoding", coding.encode()))
        return Reply(self.status, headers, self.body(badge, coding))

    def _caching(self, request: ShopRequest) -> Header:
        """Whose cache may keep the reply: an edge's only if no cookie was sent, and none is set."""
        is_anonymous = b"cookie" not in request.raw_headers and b"lang=" not in request.scope["query_string"]
        return self._edge if is_anonymous else REVALIDATE

    def body(self, badge: bytes = b"", coding: str = IDENTITY) -> bytes:
        """The page with a number on the badge, compressed with a coding."""
        gap = gap_of(badge) if self._has_badge else b""
        if coding == IDENTITY:
            return b"".join((self._head, gap, self._tail))
        coded = self._coded.get(coding)
        if coded is None:
            coded = self._coded[coding] = self._compressed(coding)
        elif coding == BROTLI and time.monotonic() > self._lasts_from and _compressing.acquire(blocking=False):
            self._lasts_from = float("inf")
            threading.Thread(target=self._compress_best, daemon=True).start()
        return coded(gap)

    def _differing(self, badge: bytes, dictionary: Dictionary) -> bytes:
        """The page with a number on the badge, compressed with a dictionary."""
        coded = self._coded.get(dictionary.available)
        if coded is None:
            coded = zstandard(self._head, self._tail, _DICTIONARY_LEVEL, dictionary.zstd)
            self._coded[dictionary.available] = coded
        return dictionary.prefix + coded(gap_of(badge))

    def _compressed(self, coding: str) -> Spliced:
        if not self._has_badge:
            body = COMPRESS_WELL[coding](self._head)
            return lambda _: body
        if coding == BROTLI:
            return brotlied(self._head, self._tail, _QUALITY)
        return zstandard(self._head, self._tail, _LEVEL) if coding == ZSTD else gzipped(self._head, self._tail)

    def _compress_best(self) -> None:
        try:
            if self._has_badge:
                self._coded[BROTLI] = brotlied(self._head, self._tail, _BEST_QUALITY)
        finally:
            _compressing.release()


class PageCache:
    """An LRU cache of pages, at most `max_bytes`. It holds pages of one catalogue version; a new version clears it."""

    def __init__(self, max_bytes: int, dictionaries: Dictionaries | None = None, edge_seconds: int = 0) -> None:
        self._max_bytes = max_bytes
        self._dictionaries = dictionaries
        self._edge_seconds = edge_seconds
        self._pages: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self._version: Hashable = None
        self.bytes = 0
        self.hits = self.misses = self.evicted = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, version: Hashable, key: Hashable) -> CachedPage | None:
        """The cached page, or None. A new version clears the cache."""
        if version != self._version:
            self._pages.clear()
            self._version, self.bytes = version, 0
            return None
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    async def page(self, version: Hashable, key: Hashable, render: Callable[[], Awaitable[str]]) -> CachedPage:
        """The cached page in the current language; rendered and cached on a miss."""
        key = (spoken(), key)
        if (cached := self.get(version, key)) is not None:
            self.hits += 1
            return cached
        self.misses += 1
        return self.keep(version, key, CachedPage(await render(), 200, self._dictionaries, self._edge_seconds))

    def keep(self, version: Hashable, key: Hashable, page: CachedPage) -> CachedPage:
        """Cache a page of this version, unless a newer version has cleared the cache since; return the page."""
        if version == self._version:
            if key in self._pages:
                self.bytes -= self._pages.pop(key).size
            self._pages[key] = page
            self.bytes += page.size
            while self.bytes > self._max_bytes:
                self.bytes -= self._pages.popitem(last=False)[1].size
                self.evicted += 1
        return page

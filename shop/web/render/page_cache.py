"""Caches rendered pages. A browse page is the same for everyone except for the number on the cart's badge.

A page is rendered once per catalogue version, currency, language and address, split where the number goes, and then
sent as bytes. Each half is also compressed once: deflate streams that end with a full flush can be concatenated, so
the number is inserted between the halves as a stored block, and only the checksum is computed per badge.
"""

from __future__ import annotations

import secrets
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from hashlib import blake2b

from shop.i18n import spoken
from shop.web.http.reply import HTML, REVALIDATE, VARY, Header, Reply
from shop.web.http.request import ShopRequest

BADGE_PLACEHOLDER = f"badge-{secrets.token_hex(16)}"
"""Marks the position of the badge's number in the HTML of a page that is cached for everyone.

Templates.render puts it into the badge in place of a number; CachedPage splits the page there and inserts each
visitor's number. The placeholder is random for each process, so that no text of the catalogue or of a client can
contain it: a forged one would become a second split, and so a way to break the page.
"""

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_MAX_CHECKSUMS = 64
"""Checksums cached per page, one for each number on the badge."""
_OVERHEAD = 1000
"""Estimated bytes of memory for a cached page in addition to its text."""


class CachedPage:
    """A rendered page: the parts before and after the badge's number. Fragments have no badge."""

    __slots__ = ("_checksums", "_digest", "_gzip_head", "_gzip_tail", "_has_badge", "_head", "_tail", "size", "status")

    def __init__(self, text: str, status: int = 200) -> None:
        head, placeholder, tail = text.partition(BADGE_PLACEHOLDER)
        self._has_badge = bool(placeholder)
        self.status = status
        self._head, self._tail = head.encode(), tail.encode()
        # Without the placeholder, which is another one in every process: equal pages have equal tags everywhere.
        self._digest = blake2b(self._head + b"\0" + self._tail, digest_size=12).hexdigest().encode()
        self._gzip_head = _GZIP_HEADER + _deflate(self._head, zlib.Z_FULL_FLUSH)
        self._gzip_tail = _deflate(self._tail, zlib.Z_FINISH)
        self._checksums: dict[bytes, int] = {}
        self.size = _OVERHEAD + sum(map(len, (self._head, self._tail, self._gzip_head, self._gzip_tail)))

    def reply(self, request: ShopRequest) -> Reply:
        """The page with the visitor's number on the badge; 304 if the browser has it already."""
        badge = request.badge.encode() if self._has_badge else b""
        tag = b'W/"%b-%b"' % (self._digest, badge)
        headers: list[Header] = [HTML, VARY, REVALIDATE, (b"etag", tag)]
        if tag in request.raw_headers.get(b"if-none-match", b""):
            return Reply(304, headers)
        if request.accepts_gzip:
            headers.append((b"content-encoding", b"gzip"))
            return Reply(self.status, headers, self.gzip(badge))
        return Reply(self.status, headers, self._head + badge + self._tail)

    def gzip(self, badge: bytes) -> bytes:
        """The page as one gzip member (RFC 1952), with the badge as a stored block (RFC 1951, 3.2.4)."""
        length = len(badge)
        stored = b"\x00" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + badge
        total = len(self._head) + length + len(self._tail)
        trailer = self._checksum(badge).to_bytes(4, "little") + (total & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((self._gzip_head, stored, self._gzip_tail, trailer))

    def _checksum(self, badge: bytes) -> int:
        if (known := self._checksums.get(badge)) is not None:
            return known
        checksum = zlib.crc32(self._tail, zlib.crc32(badge, zlib.crc32(self._head)))
        if len(self._checksums) < _MAX_CHECKSUMS:
            self._checksums[badge] = checksum
        return checksum


def _deflate(data: bytes, flush: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(flush)


class PageCache:
    """An LRU cache of pages, at most `max_bytes`. It holds pages of one catalogue version; a new version clears it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
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
        return self.keep(version, key, CachedPage(await render()))

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

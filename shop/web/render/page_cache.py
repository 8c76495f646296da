"""Pages kept rendered. What a browse page shows is the same for everyone but for the number on the cart's badge.

So a page is rendered once per catalogue version, currency and address, cut in two where the number goes, and
sent as bytes from then on. Each half is compressed once, too: a deflate stream may be put together from pieces
that were each flushed in full, so the number is slipped in between as a stored block, and only the checksum is
computed anew.
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

BADGE = f"badge-{secrets.token_hex(16)}"
"""Stands in the rendered text where the number on the badge goes. No other text can hold it: nobody can guess it."""

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_REMEMBERED_CHECKSUMS = 64
_OVERHEAD = 1000
"""Bytes that a kept page takes beside its text, roughly."""


class CachedPage:
    """A rendered page: what stands before the badge's number, and what after it; fragments have no badge."""

    __slots__ = ("_checksums", "_digest", "_gap", "_head", "_packed_head", "_packed_tail", "_tail", "size", "status")

    def __init__(self, text: str, status: int = 200) -> None:
        head, self._gap, tail = text.partition(BADGE)
        self.status = status
        self._head, self._tail = head.encode(), tail.encode()
        self._digest = blake2b(text.encode(), digest_size=12).hexdigest().encode()
        self._packed_head = _GZIP_HEADER + _deflate(self._head, zlib.Z_FULL_FLUSH)
        self._packed_tail = _deflate(self._tail, zlib.Z_FINISH)
        self._checksums: dict[bytes, int] = {}
        self.size = _OVERHEAD + sum(map(len, (self._head, self._tail, self._packed_head, self._packed_tail)))

    def reply(self, request: ShopRequest) -> Reply:
        """The page with the visitor's number in it; 304 where the browser has it already."""
        badge = request.badge.encode() if self._gap else b""
        tag = b'W/"%b-%b"' % (self._digest, badge)
        headers: list[Header] = [HTML, VARY, REVALIDATE, (b"etag", tag)]
        if tag in request.raw_headers.get(b"if-none-match", b""):
            return Reply(304, headers)
        if request.accepts_gzip:
            headers.append((b"content-encoding", b"gzip"))
            return Reply(self.status, headers, self.gzip(badge))
        return Reply(self.status, headers, self._head + badge + self._tail)

    def gzip(self, badge: bytes) -> bytes:
        """The page as one gzip member (RFC 1952); the badge is a stored block of it (RFC 1951, 3.2.4)."""
        length = len(badge)
        stored = b"\x00" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + badge
        total = len(self._head) + length + len(self._tail)
        trailer = self._checksum(badge).to_bytes(4, "little") + (total & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((self._packed_head, stored, self._packed_tail, trailer))

    def _checksum(self, badge: bytes) -> int:
        if (known := self._checksums.get(badge)) is not None:
            return known
        checksum = zlib.crc32(self._tail, zlib.crc32(badge, zlib.crc32(self._head)))
        if len(self._checksums) < _REMEMBERED_CHECKSUMS:
            self._checksums[badge] = checksum
        return checksum


def _deflate(data: bytes, flush: int) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(flush)


class PageCache:
    """The pages of one catalogue version, the least recently asked for dropped first, `max_bytes` of them at most."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pages: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self._version: Hashable = None
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, version: Hashable, key: Hashable) -> CachedPage | None:
        """The page kept under the key, or None; pages of another version are gone."""
        if version != self._version:
            self._pages.clear()
            self._version, self.bytes = version, 0
            return None
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    async def page(self, version: Hashable, key: Hashable, render: Callable[[], Awaitable[str]]) -> CachedPage:
        """The page kept under the key in the language that is spoken; where there is none, it is rendered and kept."""
        key = (spoken(), key)
        return self.get(version, key) or self.keep(version, key, CachedPage(await render()))

    def keep(self, version: Hashable, key: Hashable, page: CachedPage) -> CachedPage:
        """Keep a page that was made from this version, unless another has come meanwhile; return the page."""
        if version == self._version:
            if key in self._pages:
                self.bytes -= self._pages.pop(key).size
            self._pages[key] = page
            self.bytes += page.size
            while self.bytes > self._max_bytes:
                self.bytes -= self._pages.popitem(last=False)[1].size
        return page

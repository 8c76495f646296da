"""Compression dictionaries (RFC 9842): after one product page, a browser is sent the next pages as what differs.

A dictionary is the page of the first product as a visitor without a cart sees it, in one language and the shop's own
currency. So it holds nothing of anybody, and equal catalogues make equal ones in every process. A browser learns of it
from a Link header, fetches it when it is idle, and names it by its hash from then on.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from hashlib import sha256

from shop.errors import NotFound, StoreUnavailable
from shop.i18n import Language, spoken
from shop.web.http.reply import Header, Reply
from shop.web.http.request import ShopRequest
from shop.web.render.assets import IMMUTABLE, Asset

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DCZ = "dcz"
"""The coding: zstd with a dictionary."""
_MAGIC = b"\x5e\x2a\x4d\x18\x20\x00\x00\x00"
"""What a body in this coding begins with, before the hash of the dictionary (RFC 9842, 5)."""
_USE: Header = (b"use-as-dictionary", b'match="/*", match-dest=("document")')
_MAX_KNOWN = 16
"""Dictionaries that a process keeps: of each language, that of the current catalogue and some before."""


class Dictionary:
    """A dictionary of pages."""

    def __init__(self, text: str) -> None:
        body = text.encode()
        digest = sha256(body).digest()
        self.name = digest.hex()[:16]
        self.available = b":%b:" % b64encode(digest)
        """The header Available-Dictionary of a browser that has it."""
        self.prefix = _MAGIC + digest
        """What precedes the frame of zstd in each body."""
        self.link: Header = (b"link", b'</dictionary/%b>; rel="compression-dictionary"' % self.name.encode())
        self.asset = Asset(self.name, body)
        self.zstd = zstd.ZstdDict(body, is_raw=True)


class Dictionaries:
    """The dictionaries that browsers may have, and for each language the one to fetch."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Dictionary] = OrderedDict()
        self._current: dict[Language, tuple[Hashable, Dictionary]] = {}

    async def refresh(self, version: Hashable, render: Callable[[], Awaitable[str]]) -> None:
        """Make the dictionary of the current language if there is none of this version of the catalogue.

        `render` returns the page, '' for none. If the catalogue is unavailable, or just loses the product, the earlier
        dictionary remains.
        """
        current = self._current.get(spoken())
        if current is not None and current[0] == version:
            return
        try:
            text = await render()
        except (NotFound, StoreUnavailable):
            return
        if text:
            self._current[spoken()] = version, self._keep(Dictionary(text))

    def _keep(self, made: Dictionary) -> Dictionary:
        kept = self._known.setdefault(made.available, made)
        self._known.move_to_end(made.available)
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return kept

    def of(self, request: ShopRequest) -> Dictionary | None:
        """The dictionary that the browser has; None if it has none that this process knows."""
        available = request.raw_headers.get(b"available-dictionary")
        takes_it = available and DCZ.encode() in request.raw_headers.get(b"accept-encoding", b"")
        return self._known.get(available) if available and takes_it else None

    def to_fetch(self, request: ShopRequest) -> list[Header]:
        """The Link header for a browser that does not have the current dictionary."""
        current = self._current.get(spoken())
        if current is None or not is_navigation(request):
            return []
        has_it = request.raw_headers.get(b"available-dictionary") == current[1].available
        return [] if has_it else [current[1].link]

    async def serve(self, request: ShopRequest) -> Reply:
        """GET /dictionary/{name}; raises NotFound."""
        name = request.path_params["name"]
        found = next((each for each in self._known.values() if each.name == name), None)
        if found is None:
            raise NotFound("There is no such file.")
        reply = await found.asset.reply(request, IMMUTABLE)
        reply.headers.append(_USE)
        return reply


def is_navigation(request: ShopRequest) -> bool:
    """Whether a browser opens a page. It does not say that it knows dictionaries before it has one."""
    return request.raw_headers.get(b"sec-fetch-mode") == b"navigate"

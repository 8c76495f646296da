"""The one place that decides how an answer is given: a page, the fragments htmx swaps, or a 303 to a page."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from urllib.parse import quote

from litestar.types import Receive, Scope, Send

from shop.web.http.request import ShopRequest, accepts_gzip

Header = tuple[bytes, bytes]

HTML: Header = (b"content-type", b"text/html; charset=utf-8")
VARY: Header = (b"vary", b"HX-Request, HX-Request-Type, HX-Boosted, Cookie, Accept-Encoding, Accept-Language")
NO_STORE: Header = (b"cache-control", b"no-store")
"""For what a shopper typed, and for orders: no browser and no proxy keeps it."""
REVALIDATE: Header = (b"cache-control", b"private, no-cache")
_WORTH_PACKING = 2000
"""Bytes; less is not worth the time, and fits into two packets."""


class Reply:
    """A finished answer, sent as it is. It is an ASGI app of its own: Litestar has nothing left to do for it."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Iterable[Header], body: bytes = b"") -> None:
        self.status = status
        self.headers = [*headers, (b"content-length", b"%d" % len(body))] if status not in (204, 304) else [*headers]
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send it; a HEAD request gets the headers only."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        body = b"" if scope["method"] == "HEAD" else self.body  # type: ignore[typeddict-item]
        await send({"type": "http.response.body", "body": body, "more_body": False})


class Personal(Reply):
    """An answer for one shopper alone: compressed as it is sent, quickly, where that is understood."""

    __slots__ = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        if len(self.body) >= _WORTH_PACKING and accepts_gzip(accepted):
            self._pack()
        await super().__call__(scope, receive, send)

    def _pack(self) -> None:
        self.body = gzip.compress(self.body, 1, mtime=0)
        length = (b"content-length", b"%d" % len(self.body))
        headers = [header for header in self.headers if header[0] != b"content-length"]
        self.headers = [*headers, length, (b"content-encoding", b"gzip")]


def html(text: str, *, status: int = 200, headers: Iterable[Header] = (), cache: Header = REVALIDATE) -> Reply:
    """A page or fragments, for this shopper only."""
    return Personal(status, (HTML, VARY, cache, *headers), text.encode())


def text(body: str, *, status: int = 200, kind: str = "text/plain; charset=utf-8") -> Reply:
    """An answer for machines."""
    return Reply(status, ((b"content-type", kind.encode()), (b"cache-control", b"no-cache")), body.encode())


def go_to(request: ShopRequest, path: str, *, headers: Iterable[Header] = ()) -> Reply:
    """Send the browser to a page of ours after a change: 303, or htmx's own header for it. Never to another site."""
    where = safe_return(path).encode("latin-1")
    if request.is_htmx:
        return Reply(204, ((b"hx-redirect", where), VARY, REVALIDATE, *headers))
    return Reply(303, ((b"location", where), VARY, REVALIDATE, *headers))


_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")


def safe_return(path: str, default: str = "/") -> str:
    """`path` if it is a path on this site, ready for a Location header; else the default."""
    return quote(path, safe="/?&=%+:@!$'()*,;~#[]") if _LOCAL.fullmatch(path) else default

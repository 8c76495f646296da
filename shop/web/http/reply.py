"""Replies: a page, the fragments that htmx swaps, or a 303 redirect to a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from litestar.types import Receive, Scope, Send

from shop.web.http.compression import COMPRESS_FAST, FASTEST, IDENTITY, coding_of
from shop.web.http.request import ShopRequest

Header = tuple[bytes, bytes]

HTML: Header = (b"content-type", b"text/html; charset=utf-8")
VARY: Header = (
    b"vary",
    b"HX-Request, HX-Request-Type, HX-Boosted, Cookie, Accept-Encoding, Available-Dictionary, Accept-Language",
)
NO_STORE: Header = (b"cache-control", b"no-store")
"""For typed data and for orders: no browser and no proxy stores them."""
REVALIDATE: Header = (b"cache-control", b"private, no-cache")
MIN_COMPRESSED = 2000
"""Bytes. A smaller body is not compressed: it fits into two packets anyway."""


class Reply:
    """A complete response. It is an ASGI app, so Litestar sends it without any further processing."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Iterable[Header], body: bytes = b"") -> None:
        self.status = status
        self.headers = [*headers, (b"content-length", b"%d" % len(body))] if status not in (204, 304) else [*headers]
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the response; a HEAD request gets the headers only."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        body = b"" if scope["method"] == "HEAD" else self.body  # type: ignore[typeddict-item]
        await send({"type": "http.response.body", "body": body, "more_body": False})


class PersonalReply(Reply):
    """A response for one shopper: compressed on sending, at the fastest level."""

    __slots__ = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, compressed if that pays."""
        if len(self.body) >= MIN_COMPRESSED:
            accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
            if (coding := coding_of(accepted, FASTEST)) != IDENTITY:
                self._compress(coding)
        await super().__call__(scope, receive, send)

    def _compress(self, coding: str) -> None:
        self.body = COMPRESS_FAST[coding](self.body)
        length = (b"content-length", b"%d" % len(self.body))
        headers = [header for header in self.headers if header[0] != b"content-length"]
        self.headers = [*headers, length, (b"content-encoding", coding.encode())]


def html(text: str, *, status: int = 200, headers: Iterable[Header] = (), cache: Header = REVALIDATE) -> Reply:
    """A page or fragments for one shopper; `cache` is its Cache-Control header."""
    return PersonalReply(status, (HTML, VARY, cache, *headers), text.encode())


def text(body: str, *, status: int = 200, kind: str = "text/plain; charset=utf-8") -> Reply:
    """A plain-text response for programs; `kind` is its content type."""
    return Reply(status, ((b"content-type", kind.encode()), (b"cache-control", b"no-cache")), body.encode())


def download(body: bytes, kind: str, name: str) -> Reply:
    """A file for one shopper, which no browser and no proxy stores unless it is saved; `name` may have any letters."""
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}".encode()
    return Reply(200, ((b"content-type", kind.encode()), NO_STORE, (b"content-disposition", disposition)), body)


def go_to(request: ShopRequest, path: str, *, headers: Iterable[Header] = ()) -> Reply:
    """Redirect to a page of this site after a change: 303, or HX-Redirect for htmx. Never to another site."""
    return _redirect(request, safe_return(path), headers)


def go_elsewhere(request: ShopRequest, url: str) -> Reply:
    """Redirect to a page of the payment provider, whose URL it has given itself."""
    return _redirect(request, quote(url, safe="/?&=%+:@!$'()*,;~#[]"), ())


def _redirect(request: ShopRequest, target: str, headers: Iterable[Header]) -> Reply:
    where = target.encode("latin-1")
    if request.is_htmx:
        return Reply(204, ((b"hx-redirect", where), VARY, REVALIDATE, *headers))
    return Reply(303, ((b"location", where), VARY, REVALIDATE, *headers))


_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")


def safe_return(path: str, default: str = "/") -> str:
    """`path`, encoded for a Location header, if it is a path on this site; else the default."""
    return quote(path, safe="/?&=%+:@!$'()*,;~#[]") if _LOCAL.fullmatch(path) else default

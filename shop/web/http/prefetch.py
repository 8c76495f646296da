"""Speculation rules: a browser fetches a page as soon as the pointer rests on its link, before the click.

Only pages that are the same for everyone may be fetched ahead. static/speculation-rules.json names them for our own
links; a browser that guesses by itself is refused, and then asks again when the page is really wanted.
"""

from __future__ import annotations

from litestar.types import HTTPResponseStartEvent

from shop.web.http.reply import HTML, NO_STORE, Header, Reply
from shop.web.http.request import ShopRequest

ROUTES = frozenset(
    (
        *("/", "/product/{handle}", "/about", "/help", "/search", "/recent", "/recommended", "/offline"),
        *(
            "/static/{path}",
            "/dictionary/{name}",
            "/favicon.ico",
            "/service-worker.js",
            "/robots.txt",
            "/sitemap.xml",
            "/healthz",
            "/readyz",
        ),
    )
)
"""What may be fetched ahead: it reads no cart, and sets no cookie unless its address names a language."""
RULES = "speculation-rules.json"
"""The file below static/ with the rules."""


def refused(request: ShopRequest) -> Reply | None:
    """The reply to a request for a page that must not be fetched ahead; None for any other request."""
    if b"prefetch" not in request.raw_headers.get(b"sec-purpose", b""):
        return None
    scope = request.scope
    if scope["path_template"] in ROUTES and b"lang=" not in scope["query_string"]:
        return None
    return Reply(503, (NO_STORE,))


class SpeculationRules:
    """The header that names the rules, for every HTML document. `url`: the address of the rules."""

    def __init__(self, url: str) -> None:
        self._headers: list[Header] = [(b"speculation-rules", b'"%b"' % url.encode())]

    def of(self, start: HTTPResponseStartEvent, request: ShopRequest) -> list[Header]:
        """The header for the start of a response; none for a part of a page for htmx."""
        return self._headers if HTML in start["headers"] and b"hx-request" not in request.raw_headers else []

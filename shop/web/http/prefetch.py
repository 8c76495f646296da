"""Speculation rules: a browser fetches a page as soon as the pointer rests on its link, before the click.

Only pages that are the same for everyone may be fetched ahead. static/speculation-rules.json names them for our own
links; a browser that guesses by itself is refused, and then asks again when the page is really wanted.
"""

from __future__ import annotations

from litestar.types import HTTPResponseStartEvent, HTTPScope

from shop.web.http.reply import HTML, NO_STORE, Header, Reply

ROUTES = frozenset(
    (
        *("/", "/product/{handle}", "/about", "/help", "/search", "/recent", "/recommended", "/offline"),
        *("/static/{path}", "/favicon.ico", "/service-worker.js", "/robots.txt", "/sitemap.xml", "/healthz", "/readyz"),
    )
)
"""What may be fetched ahead: it reads no cart, and sets no cookie unless its address names a language."""
RULES = "speculation-rules.json"
"""The file below static/ with the rules."""


def refused(scope: HTTPScope) -> Reply | None:
    """The reply to a request for a page that must not be fetched ahead; None for any other request."""
    if scope["path_template"] in ROUTES and b"lang=" not in scope["query_string"]:
        return None
    if any(name == b"sec-purpose" and b"prefetch" in value for name, value in scope["headers"]):
        return Reply(503, (NO_STORE,))
    return None


class SpeculationRules:
    """Adds the header that names the rules to every HTML document. `url`: the address of the rules."""

    def __init__(self, url: str) -> None:
        self._header: Header = (b"speculation-rules", b'"%b"' % url.encode())

    def add(self, start: HTTPResponseStartEvent, scope: HTTPScope) -> None:
        """Add the header to the start of a response, unless it is a part of a page for htmx."""
        headers = start["headers"]
        if HTML in headers and not any(name == b"hx-request" for name, _ in scope["headers"]):
            start["headers"] = [*headers, self._header]

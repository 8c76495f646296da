"""The request, with its own parsing of headers and cookies: a general parser takes longer than a cached page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection.base import empty_receive, empty_send
from litestar.datastructures import State
from litestar.types import Receive, Scope, Send

_KEY = "shop.http_request"
_BADGE = re.compile(r"[1-9][0-9]{0,3}")


class ShopRequest(Request[None, None, State]):
    """A request with the properties that pages need. Clients can forge any cookie: validate each value."""

    __slots__ = ("_raw_cookies", "_raw_headers")

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        super().__init__(scope, receive, send)
        self._raw_headers: dict[bytes, bytes] | None = None
        self._raw_cookies: dict[str, str] | None = None

    @property
    def raw_headers(self) -> dict[bytes, bytes]:
        """The raw headers, names in lower case. If a name is repeated, the last value counts."""
        if self._raw_headers is None:
            self._raw_headers = dict(self.scope["headers"])
        return self._raw_headers

    @property
    def cookie_header(self) -> bytes:
        """The Cookie header, b'' for none; several of them, which HTTP/2 allows, as one (RFC 9113, 8.2.3)."""
        return b"; ".join([value for name, value in self.scope["headers"] if name == b"cookie"])

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies, by name."""
        if self._raw_cookies is None:
            self._raw_cookies = parse_cookies(self.cookie_header)
        return self._raw_cookies

    @property
    def scheme(self) -> str:
        """'http' or 'https' of this connection; behind a proxy, PUBLIC_URL has the shopper's scheme."""
        return self.scope["scheme"]

    @property
    def path(self) -> str:
        """The path of the URL, decoded."""
        return self.scope["path"]

    def header(self, name: bytes) -> str:
        """A header's value, '' if it is missing; `name` in lower case."""
        return self.raw_headers.get(name, b"").decode("latin-1")

    @property
    def wants_fragment(self) -> bool:
        """Whether htmx will swap the reply into the page; false when it restores or replaces a whole page."""
        headers = self.raw_headers
        return (
            headers.get(b"hx-request") == b"true"
            and headers.get(b"hx-request-type") != b"full"
            and b"hx-history-restore-request" not in headers
            and b"hx-boosted" not in headers
        )

    @property
    def is_htmx(self) -> bool:
        """Whether htmx sent the request, for a fragment or for a page."""
        return self.raw_headers.get(b"hx-request") == b"true"

    @property
    def on_cart_page(self) -> bool:
        """Whether htmx sent the request from the cart page, which shows the cart in addition to the drawer."""
        return self._htmx_page() == "/cart"

    @property
    def on_other_page(self) -> bool:
        """Whether htmx sent the request from a page that shows no cart but the drawer's."""
        return self._htmx_page() not in ("/cart", "")

    def _htmx_page(self) -> str:
        """The path of the page from which htmx sent the request; '' if unknown."""
        try:
            return urlsplit(self.header(b"hx-current-url")).path
        except ValueError:
            return ""

    @property
    def is_browser(self) -> bool:
        """Whether a browser sent the request: other programs send no Sec-Fetch headers."""
        return self.is_htmx or b"sec-fetch-site" in self.raw_headers or b"sec-fetch-mode" in self.raw_headers

    @property
    def badge(self) -> str:
        """Quantity for the cart's badge, from the display-only cookie: '1' to '9999', '' for none."""
        count = self.cookies.get("cart_count", "")
        return count if _BADGE.fullmatch(count) else ""


def remember(request: ShopRequest) -> None:
    """Let `request_of` find the request: its headers and cookies are parsed once."""
    request.scope["state"][_KEY] = request


def request_of(scope: Scope) -> ShopRequest:
    """The request of a scope, a new one if no handler was called. Forgotten then: it refers to its scope."""
    remembered: ShopRequest | None = scope["state"].pop(_KEY, None)
    return remembered or ShopRequest(scope)


def parse_cookies(header: bytes) -> dict[str, str]:
    """The pairs of a Cookie header. Of repeated names the first counts: it is the most specific (RFC 6265, 5.4)."""
    cookies: dict[str, str] = {}
    if header:
        for pair in header.decode("latin-1").split(";"):
            name, equals, value = pair.partition("=")
            if equals:
                cookies.setdefault(name.strip(), value.strip())
    return cookies

"""What a request says of itself, read once and by hand: parsing it in general costs more than a kept page."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import State
from litestar.types import HTTPScope

WebRequest = Request[None, None, State]

_BADGE = re.compile(r"[1-9][0-9]{0,3}")


class Visit:
    """A request's headers and cookies. Cookies are what anyone may have written: validate what is taken from them."""

    __slots__ = ("cookies", "headers", "path", "scheme")

    def __init__(self, scope: HTTPScope) -> None:
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.cookies = parse_cookies(self.headers.get(b"cookie", b""))
        self.scheme = scope["scheme"]
        self.path = scope["path"]

    def header(self, name: bytes) -> str:
        """A header's value, '' where it is missing; `name` in lower case."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def wants_fragment(self) -> bool:
        """Whether htmx will swap the reply into the page; false when it restores or replaces a whole page."""
        headers = self.headers
        return (
            headers.get(b"hx-request") == b"true"
            and headers.get(b"hx-request-type") != b"full"
            and b"hx-history-restore-request" not in headers
            and b"hx-boosted" not in headers
        )

    @property
    def is_htmx(self) -> bool:
        """Whether htmx asks, for a fragment or for a page."""
        return self.headers.get(b"hx-request") == b"true"

    @property
    def in_the_cart(self) -> bool:
        """Whether htmx asks from the cart's page, which then shows the cart beside the drawer."""
        try:
            return urlsplit(self.header(b"hx-current-url")).path == "/cart"
        except ValueError:
            return False

    @property
    def is_browser(self) -> bool:
        """Whether a browser asks, in a shopper's name; programs say nothing of how they fetch."""
        return self.is_htmx or b"sec-fetch-site" in self.headers or b"sec-fetch-mode" in self.headers

    @property
    def looks_ahead(self) -> bool:
        """Whether a browser fetches a page that nobody has asked for yet, and perhaps nobody will."""
        return any(b"prefetch" in self.headers.get(name, b"") for name in (b"sec-purpose", b"purpose", b"x-moz"))

    @property
    def badge(self) -> str:
        """How many pieces the display-only cookie says are in the cart: '1' to '9999', '' for none."""
        count = self.cookies.get("cart_count", "")
        return count if _BADGE.fullmatch(count) else ""

    @property
    def accepts_gzip(self) -> bool:
        """Whether the body may be sent as gzip."""
        return accepts_gzip(self.headers.get(b"accept-encoding", b""))


def parse_cookies(header: bytes) -> dict[str, str]:
    """A Cookie header's pairs; of several with one name the first, which is the most specific (RFC 6265, 5.4)."""
    cookies: dict[str, str] = {}
    if header:
        for pair in header.decode("latin-1").split(";"):
            name, equals, value = pair.partition("=")
            if equals:
                cookies.setdefault(name.strip(), value.strip())
    return cookies


@lru_cache(maxsize=256)
def accepts_gzip(header: bytes) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for coding in header.decode("latin-1").lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name in ("gzip", "*"):
            return weight.strip("0.") != "" or not weight
    return False

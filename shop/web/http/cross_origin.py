"""Refuses changes that another site's page asks for, without tokens in our pages.

The algorithm of Go 1.25's net/http CrossOriginProtection, as OWASP's fetch-metadata advice has it: browsers say
in Sec-Fetch-Site who asks; older ones send Origin, which must then be this host. A client that sends neither is
no browser, so it carries nobody's cookies against their will.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from shop.errors import CrossOriginRefused
from shop.origins import normalized_origin
from shop.web.http.request import ShopRequest

_MAX_ORIGIN = 300
"""Bytes of an Origin header that are read: the longest name of a host has 253."""
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
"""Those that change nothing (RFC 9110, 9.2.1)."""


class CrossOriginGuard:
    """Asked before every handler. `public_url`: our origin before a proxy, normalized; '' if there is none."""

    def __init__(self, public_url: str = "") -> None:
        self._public = public_url

    def check(self, request: ShopRequest) -> None:
        """Raise CrossOriginRefused for a change unless our own page, or no browser at all, asks."""
        if request.scope["method"] in SAFE_METHODS:
            return
        headers = request.raw_headers
        site, origin = headers.get(b"sec-fetch-site", b""), headers.get(b"origin", b"")
        if site in (b"same-origin", b"none"):
            return
        if not site and (not origin or self._is_ours(origin, headers.get(b"host", b""))):
            return
        raise CrossOriginRefused("This request came from another site, so nothing was changed.")

    def _is_ours(self, origin: bytes, host: bytes) -> bool:
        return len(origin) <= _MAX_ORIGIN and _is_ours(origin, host, self._public)


@lru_cache(maxsize=64)
def _is_ours(origin: bytes, host: bytes, public: str) -> bool:
    """Whether it is PUBLIC_URL; or the host that was asked, unless that is PUBLIC_URL's by another scheme."""
    try:
        asking = normalized_origin(origin.decode("latin-1"))
        asked = normalized_origin(f"{asking.partition('://')[0]}://{host.decode('latin-1')}")
    except ValueError:
        return False
    is_same_host = asking == asked and urlsplit(asking).hostname != urlsplit(public).hostname
    return asking == public or is_same_host

"""Refuses changes that another site's page asks for, without tokens in our pages.

The algorithm of Go 1.25's net/http CrossOriginProtection, as OWASP's fetch-metadata advice has it: browsers say
in Sec-Fetch-Site who asks; older ones send Origin, which must then be this host. A client that sends neither is
no browser, so it carries nobody's cookies against their will.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from shop.errors import CrossOriginRefused
from shop.web.visit import Visit, WebRequest


class CrossOriginGuard:
    """Called before every handler that changes something. `public_url`: our address before a proxy, if there is one."""

    def __init__(self, public_url: str = "") -> None:
        self._public_host = urlsplit(public_url).netloc.lower()

    async def __call__(self, request: WebRequest) -> None:
        """Raise CrossOriginRefused unless our own page, or no browser at all, asks."""
        visit = Visit(request.scope)
        site = visit.header(b"sec-fetch-site")
        origin = visit.header(b"origin")
        if site in ("same-origin", "none") or (not site and (not origin or self._is_ours(origin, visit))):
            return
        raise CrossOriginRefused("This request came from another site, so nothing was changed.")

    def _is_ours(self, origin: str, visit: Visit) -> bool:
        try:
            host = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return host != "" and host in (visit.header(b"host").lower(), self._public_host)

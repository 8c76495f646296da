"""The offline page, and the service worker that caches that page and nothing else."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from shop.i18n import spoken
from shop.web.http.reply import VARY, Header, Reply, html
from shop.web.http.request import ShopRequest
from shop.web.pages.views import OfflinePage
from shop.web.render.storefront import Storefront

PATH = "/offline"
FILES = (
    "css/offline.css",
    "js/offline.js",
    "vendor/fonts/fraunces-latin-300-normal.woff2",
    "vendor/fonts/figtree-latin-wght-normal.woff2",
)
"""What the page consists of, besides itself."""
WORKER = "js/service-worker.js"
_JAVASCRIPT: Header = (b"content-type", b"text/javascript; charset=utf-8")
_ONE_HOUR: Header = (b"cache-control", b"private, max-age=3600")
"""Browsers check for a new worker at each navigation; within the hour they use their HTTP cache."""


class OfflineHandlers:
    """Handles /offline and /service-worker.js."""

    def __init__(self, site: Storefront) -> None:
        self._site = site

    async def page(self, request: ShopRequest) -> Reply:  # noqa: ARG002 - the same for everyone
        """GET /offline."""
        return html(self._text())

    async def worker(self, request: ShopRequest) -> Reply:
        """GET /service-worker.js. Its content changes with the offline page, so that browsers reload both."""
        source = self._site.assets.body(WORKER)
        tag = blake2b(self._text().encode() + source, digest_size=8).hexdigest()
        offline = {"version": f"offline-{tag}", "page": PATH, "files": [*map(self._site.assets.url, FILES)]}
        etag = b'"%b"' % tag.encode()
        headers = (_JAVASCRIPT, _ONE_HOUR, VARY, (b"etag", etag))
        if etag in request.raw_headers.get(b"if-none-match", b""):
            return Reply(304, headers)
        return Reply(200, headers, b"const OFFLINE = %b;\n%b" % (msgspec.json.encode(offline), source))

    def _text(self) -> str:
        language = spoken()
        return self._site.templates.fragments("pages/offline.html", OfflinePage(language.code, language.direction))

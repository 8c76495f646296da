"""The page for when no page can be fetched, and the service worker that keeps it: that one page, and nothing else."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from shop.i18n import spoken
from shop.web.http.reply import VARY, Header, Reply, html
from shop.web.http.request import Visit, WebRequest
from shop.web.pages.views import OfflinePage
from shop.web.render.assets import Assets
from shop.web.render.templating import Templates

PATH = "/offline"
STYLE = "css/offline.css"
WORKER = "js/service-worker.js"
_KIND: Header = (b"content-type", b"text/javascript; charset=utf-8")
_AN_HOUR: Header = (b"cache-control", b"private, max-age=3600")
"""Browsers look for another worker as often as they load pages: they need not ask us each time."""


class OfflineHandlers:
    """Handles /offline and /service-worker.js."""

    def __init__(self, assets: Assets, templates: Templates) -> None:
        self._assets = assets
        self._templates = templates

    async def page(self, request: WebRequest) -> Reply:  # noqa: ARG002 - the same for everyone
        """GET /offline."""
        return html(self._text())

    async def worker(self, request: WebRequest) -> Reply:
        """GET /service-worker.js, which is another one whenever the page is: then browsers fetch both anew."""
        source = self._assets.body(WORKER)
        tag = blake2b(self._text().encode() + source, digest_size=8).hexdigest()
        offline = {"version": f"offline-{tag}", "page": PATH, "files": [self._assets.url(STYLE)]}
        known = b'"%b"' % tag.encode()
        headers = (_KIND, _AN_HOUR, VARY, (b"etag", known))
        if known in Visit(request.scope).headers.get(b"if-none-match", b""):
            return Reply(304, headers)
        return Reply(200, headers, b"const OFFLINE = %b;\n%b" % (msgspec.json.encode(offline), source))

    def _text(self) -> str:
        language = spoken()
        return self._templates.fragments("pages/offline.html", OfflinePage(language.code, language.direction))

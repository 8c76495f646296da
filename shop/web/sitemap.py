"""What search engines ask for: robots.txt, and the sitemap, written out piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from litestar.types import Receive, Scope, Send

from shop.catalog.model import Query
from shop.errors import NotFound
from shop.web.catalog import Catalog
from shop.web.paths import listing_path, product_path
from shop.web.respond import Header, Reply, text
from shop.web.visit import Visit, WebRequest

MOST_PRODUCTS = 49_000
"""In one file, which may hold 50,000 addresses (sitemaps.org/protocol.html); more are split over parts."""

_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_WRITTEN_TOGETHER = 500


class XmlStream(Reply):
    """An XML document that is sent while it is being made."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: AsyncIterator[str]) -> None:
        headers: list[Header] = [(b"content-type", b"application/xml; charset=utf-8")]
        super().__init__(200, [*headers, (b"cache-control", b"public, max-age=3600")])
        self.headers = self.headers[:-1]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send it."""
        first = await anext(self._pieces)
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": first.encode(), "more_body": True})
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Sitemap:
    """Handles /robots.txt and /sitemap.xml."""

    def __init__(self, catalog: Catalog, public_url: str = "", most: int = MOST_PRODUCTS) -> None:
        self._catalog = catalog
        self._public_url = public_url.rstrip("/")
        self._most = most

    async def robots(self, request: WebRequest) -> Reply:
        """GET /robots.txt: carts are nobody's business."""
        lines = ["User-agent: *", "Disallow: /cart", "Disallow: /logout"]
        return text("\n".join([*lines, f"Sitemap: {self._site(request)}/sitemap.xml", ""]))

    async def sitemap(self, request: WebRequest) -> Reply:
        """GET /sitemap.xml, or one of its parts by ?part=1; raises NotFound for a part that is not."""
        site = self._site(request)
        products = (await self._catalog.page(Query())).total
        parts = -(-products // self._most)
        part = request.query_params.get("part", "")
        if not part and parts > 1:
            return XmlStream(_index(site, parts))
        if part and part not in map(str, range(1, parts + 1)):
            raise NotFound("The sitemap has no such part.")
        return XmlStream(self._urls(site, int(part or 1), whole=not part))

    async def _urls(self, site: str, part: int, *, whole: bool) -> AsyncIterator[str]:
        yield f"{_DECLARATION}<urlset {_SCHEMA}>\n"
        if whole or part == 1:
            paths = ["/", "/about", "/help"]
            paths += [listing_path(Query(category=known.slug)) for known in await self._catalog.categories()]
            yield "".join(f"<url><loc>{escape(site + path)}</loc></url>\n" for path in paths)
        lines: list[str] = []
        number = 0
        async for handle, changed_at in self._catalog.handles():
            number += 1
            if not self._most * (part - 1) < number <= self._most * part:
                continue
            day = datetime.fromtimestamp(changed_at, UTC).date().isoformat()
            lines.append(f"<url><loc>{escape(site + product_path(handle))}</loc><lastmod>{day}</lastmod></url>\n")
            if len(lines) == _WRITTEN_TOGETHER:
                yield "".join(lines)
                lines.clear()
        yield "".join(lines) + "</urlset>\n"

    def _site(self, request: WebRequest) -> str:
        visit = Visit(request.scope)
        return self._public_url or f"{visit.scheme}://{visit.header(b'host')}"


async def _index(site: str, parts: int) -> AsyncIterator[str]:
    urls = (f"<sitemap><loc>{escape(site)}/sitemap.xml?part={part}</loc></sitemap>\n" for part in range(1, parts + 1))
    yield f"{_DECLARATION}<sitemapindex {_SCHEMA}>\n{''.join(urls)}</sitemapindex>\n"

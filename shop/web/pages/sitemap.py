"""What search engines ask for: robots.txt, and the sitemap, written out piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from litestar.types import Receive, Scope, Send

from shop.catalog.model import Published, Query
from shop.errors import NotFound
from shop.web.http.reply import Header, Reply, text
from shop.web.http.request import ShopRequest
from shop.web.render.paths import listing_path, product_path
from shop.web.render.pictures import social_url
from shop.web.render.storefront import Storefront

MOST_ADDRESSES = 45_000
"""Of products in one file, which may hold 50,000 and 50 MB (sitemaps.org/protocol.html); more are split over parts."""

_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_WITH = (
    f'{_SCHEMA} xmlns:xhtml="http://www.w3.org/1999/xhtml" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
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


class SitemapHandlers:
    """Handles /robots.txt and /sitemap.xml: every page in each language, and the pictures of products."""

    def __init__(self, site: Storefront, most: int = MOST_ADDRESSES) -> None:
        self._storefront = site
        self._most = most // len(site.languages.offered)
        """Products in one file."""

    async def robots(self, request: ShopRequest) -> Reply:
        """GET /robots.txt: carts are nobody's business."""
        lines = ["User-agent: *", "Disallow: /cart", "Disallow: /logout"]
        return text("\n".join([*lines, f"Sitemap: {self._site(request)}/sitemap.xml", ""]))

    async def sitemap(self, request: ShopRequest) -> Reply:
        """GET /sitemap.xml, or one of its parts by ?part=1; raises NotFound for a part that is not."""
        site = self._site(request)
        products = (await self._storefront.catalog.page(Query())).total
        parts = -(-products // self._most)
        part = request.query_params.get("part", "")
        if not part and parts > 1:
            return XmlStream(_index(site, parts))
        if part and part not in map(str, range(1, parts + 1)):
            raise NotFound("The sitemap has no such part.")
        return XmlStream(self._urls(site, int(part or 1), whole=not part))

    async def _urls(self, site: str, part: int, *, whole: bool) -> AsyncIterator[str]:
        yield f"{_DECLARATION}<urlset {_WITH}>\n"
        if whole or part == 1:
            paths = ["/", "/about", "/help"]
            paths += [listing_path(Query(category=known.slug)) for known in await self._storefront.catalog.categories()]
            yield "".join(self._entries(site, path) for path in paths)
        lines: list[str] = []
        number = 0
        async for product in self._storefront.catalog.published():
            number += 1
            if not self._most * (part - 1) < number <= self._most * part:
                continue
            lines.append(self._entries(site, product_path(product.handle), self._more(site, product)))
            if len(lines) == _WRITTEN_TOGETHER:
                yield "".join(lines)
                lines.clear()
        yield "".join(lines) + "</urlset>\n"

    def _entries(self, site: str, path: str, more: str = "") -> str:
        """A page in each language, each of which names all of them; `more` is of the plain address alone."""
        alternates = self._storefront.languages.alternates(site, path)
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{alternate.language}" href="{escape(alternate.url)}"/>'
            for alternate in alternates
        )
        plain = site + path
        others = [alternate.url for alternate in alternates if alternate.url != plain]
        first = f"<url><loc>{escape(plain)}</loc>{more}{links}</url>\n"
        return first + "".join(f"<url><loc>{escape(url)}</loc>{links}</url>\n" for url in others)

    def _more(self, site: str, product: Published) -> str:
        day = datetime.fromtimestamp(product.changed_at, UTC).date().isoformat()
        shown = (social_url(site, self._storefront.pictures.picture(image, "")) for image in product.images)
        images = (f"<image:image><image:loc>{escape(url)}</image:loc></image:image>" for url in shown if url)
        return f"<lastmod>{day}</lastmod>{''.join(images)}"

    def _site(self, request: ShopRequest) -> str:
        return self._storefront.public_url or f"{request.scheme}://{request.header(b'host')}"


async def _index(site: str, parts: int) -> AsyncIterator[str]:
    urls = (f"<sitemap><loc>{escape(site)}/sitemap.xml?part={part}</loc></sitemap>\n" for part in range(1, parts + 1))
    yield f"{_DECLARATION}<sitemapindex {_SCHEMA}>\n{''.join(urls)}</sitemapindex>\n"

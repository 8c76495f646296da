"""robots.txt, and the sitemap, which is streamed."""

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

MAX_URLS = 45_000
"""Product URLs per file; more make several parts. The limits are 50,000 URLs and 50 MB (sitemaps.org/protocol.html)."""

_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_NAMESPACES = (
    f'{_SCHEMA} xmlns:xhtml="http://www.w3.org/1999/xhtml" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_BATCH = 500
"""Products that are sent as one chunk."""


class XmlStream(Reply):
    """An XML document, sent in chunks as they are made."""

    __slots__ = ("_chunks",)

    def __init__(self, chunks: AsyncIterator[str]) -> None:
        headers: list[Header] = [(b"content-type", b"application/xml; charset=utf-8")]
        super().__init__(200, [*headers, (b"cache-control", b"public, max-age=3600")])
        self.headers = self.headers[:-1]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the document."""
        first = await anext(self._chunks)
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": first.encode(), "more_body": True})
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class SitemapHandlers:
    """Handles /robots.txt and /sitemap.xml: every page in each language, with the pictures of products."""

    def __init__(self, site: Storefront, max_urls: int = MAX_URLS) -> None:
        self._storefront = site
        self._products_per_file = max_urls // len(site.languages.offered)

    async def robots(self, request: ShopRequest) -> Reply:
        """GET /robots.txt: no robots in carts."""
        lines = ["User-agent: *", "Disallow: /cart", "Disallow: /logout"]
        return text("\n".join([*lines, f"Sitemap: {self._site(request)}/sitemap.xml", ""]))

    async def sitemap(self, request: ShopRequest) -> Reply:
        """GET /sitemap.xml, or one of its parts by ?part=1. Raises NotFound for a part that does not exist."""
        site = self._site(request)
        products = (await self._storefront.catalog.page(Query())).total
        parts = -(-products // self._products_per_file)
        part = request.query_params.get("part", "")
        if not part and parts > 1:
            return XmlStream(_index(site, parts))
        if part and part not in map(str, range(1, parts + 1)):
            raise NotFound("The sitemap has no such part.")
        return XmlStream(self._urls(site, int(part or 1), whole=not part))

    async def _urls(self, site: str, part: int, *, whole: bool) -> AsyncIterator[str]:
        yield f"{_DECLARATION}<urlset {_NAMESPACES}>\n"
        if whole or part == 1:
            paths = ["/", "/about", "/help"]
            paths += [listing_path(Query(category=each.slug)) for each in await self._storefront.catalog.categories()]
            yield "".join(self._entries(site, path) for path in paths)
        lines: list[str] = []
        number = 0
        async for product in self._storefront.catalog.published():
            number += 1
            if not self._products_per_file * (part - 1) < number <= self._products_per_file * part:
                continue
            lines.append(self._entries(site, product_path(product.handle), self._product_elements(site, product)))
            if len(lines) == _BATCH:
                yield "".join(lines)
                lines.clear()
        yield "".join(lines) + "</urlset>\n"

    def _entries(self, site: str, path: str, elements: str = "") -> str:
        """The entries of a page, one per language with links to all; the plain address also gets `elements`."""
        alternates = self._storefront.languages.alternates(site, path)
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{alternate.language}" href="{escape(alternate.url)}"/>'
            for alternate in alternates
        )
        plain = site + path
        others = [alternate.url for alternate in alternates if alternate.url != plain]
        first = f"<url><loc>{escape(plain)}</loc>{elements}{links}</url>\n"
        return first + "".join(f"<url><loc>{escape(url)}</loc>{links}</url>\n" for url in others)

    def _product_elements(self, site: str, product: Published) -> str:
        day = datetime.fromtimestamp(product.changed_at, UTC).date().isoformat()
        urls = (social_url(site, self._storefront.pictures.picture(image, "")) for image in product.images)
        images = (f"<image:image><image:loc>{escape(url)}</image:loc></image:image>" for url in urls if url)
        return f"<lastmod>{day}</lastmod>{''.join(images)}"

    def _site(self, request: ShopRequest) -> str:
        return self._storefront.public_url or f"{request.scheme}://{request.header(b'host')}"


async def _index(site: str, parts: int) -> AsyncIterator[str]:
    urls = (f"<sitemap><loc>{escape(site)}/sitemap.xml?part={part}</loc></sitemap>\n" for part in range(1, parts + 1))
    yield f"{_DECLARATION}<sitemapindex {_SCHEMA}>\n{''.join(urls)}</sitemapindex>\n"

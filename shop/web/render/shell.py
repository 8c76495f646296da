"""Builds what surrounds every page."""

from __future__ import annotations

from typing import Protocol, TypedDict

from typing_extensions import Unpack

from shop.catalog.model import Category, Query
from shop.errors import StoreUnavailable
from shop.i18n import content, spoken
from shop.web.render.language import Languages
from shop.web.render.paths import listing_path
from shop.web.render.prices import Currencies
from shop.web.render.views import Link, Picture, Shell


class Categories(Protocol):
    """Whoever knows the categories."""

    async def categories(self) -> tuple[Category, ...]:
        """All categories that have published products."""


class ShellOptions(TypedDict, total=False):
    """What differs between the shells of pages, beside their title and path."""

    description: str
    category: str
    q: str
    indexed: bool
    """Whether the page is for search engines, under `canonical` or its path."""
    canonical: str
    picture: Picture | None


class ShellBuilder:
    """Builds shells. It remembers the categories of the last one, for pages that must not ask: errors."""

    def __init__(self, catalog: Categories, currencies: Currencies, languages: Languages, public_url: str = "") -> None:
        self._catalog = catalog
        self._currencies = currencies
        self._languages = languages
        self._public_url = public_url.rstrip("/")
        self._seen: tuple[Category, ...] = ()

    async def shell(self, title: str, *, path: str, currency: str, **options: Unpack[ShellOptions]) -> Shell:
        """The shell of a page at `path`, with the categories of today. May raise StoreUnavailable."""
        self._seen = await self._catalog.categories()
        return self.remembered(title, path=path, currency=currency, **options)

    async def personal(self, title: str, *, path: str, currency: str, **options: Unpack[ShellOptions]) -> Shell:
        """The shell of a page that nobody keeps: where the categories cannot be read, those seen last will do."""
        try:
            return await self.shell(title, path=path, currency=currency, **options)
        except StoreUnavailable:
            return self.remembered(title, path=path, currency=currency, **options)

    def remembered(self, title: str, *, path: str, currency: str, **options: Unpack[ShellOptions]) -> Shell:
        """The shell of a page, with the categories that were seen last: asks nothing."""
        return self._build(title, path, currency, **options)

    def _build(
        self,
        title: str,
        path: str,
        currency: str,
        *,
        description: str = "",
        category: str = "",
        q: str = "",
        indexed: bool = False,
        canonical: str = "",
        picture: Picture | None = None,
    ) -> Shell:
        language = spoken()
        where = canonical or path
        return Shell(
            title=title,
            description=description,
            canonical_url=self._public_url + self._languages.addressed(where) if indexed else "",
            path=path,
            currency=currency,
            currencies=self._currencies.codes,
            categories=tuple(
                Link(content(known.title), listing_path(Query(category=known.slug)), known.slug == category)
                for known in self._seen
            ),
            q=q,
            language=language.code,
            direction=language.direction,
            languages=self._languages.links(),
            alternates=self._languages.alternates(self._public_url, where) if indexed and self._public_url else (),
            site=self._public_url,
            picture=picture,
        )

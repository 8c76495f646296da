"""Builds the shell of every page: header, footer, metadata."""

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
    """The part of a catalogue that ShellBuilder needs."""

    async def categories(self) -> tuple[Category, ...]:
        """All categories that have published products."""


class ShellOptions(TypedDict, total=False):
    """Optional parts of a shell, in addition to its title and path."""

    description: str
    category: str
    q: str
    indexed: bool
    """Whether search engines may index the page, under `canonical` or else its path."""
    canonical: str
    picture: Picture | None


class ShellBuilder:
    """Builds shells. It keeps the last known categories for error pages, which must not query a store."""

    def __init__(self, catalog: Categories, currencies: Currencies, languages: Languages, public_url: str = "") -> None:
        self._catalog = catalog
        self._currencies = currencies
        self._languages = languages
        self._public_url = public_url.rstrip("/")
        self._categories: tuple[Category, ...] = ()

    async def shell(self, title: str, *, path: str, currency: str, **options: Unpack[ShellOptions]) -> Shell:
        """The shell of a page at `path`, with current categories. May raise StoreUnavailable."""
        self._categories = await self._catalog.categories()
        return self.remembered(title, path=path, currency=currency, **options)

    async def personal(self, title: str, *, path: str, currency: str, **options: Unpack[ShellOptions]) -> Shell:
        """The shell of a page that is not cached. If the categories cannot be read, it has the last known ones."""
        try:
            return await self.shell(title, path=path, currency=currency, **options)
        except StoreUnavailable:
            return self.remembered(title, path=path, currency=currency, **options)

    def remembered(self, title: str, *, path: str, currency: str, **options: Unpack[ShellOptions]) -> Shell:
        """The shell of a page with the last known categories, without a query."""
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
        address = canonical or path
        return Shell(
            title=title,
            description=description,
            canonical_url=self._public_url + self._languages.addressed(address) if indexed else "",
            path=path,
            currency=currency,
            currencies=self._currencies.codes,
            categories=tuple(
                Link(content(each.title), listing_path(Query(category=each.slug)), each.slug == category)
                for each in self._categories
            ),
            q=q,
            language=language.code,
            direction=language.direction,
            languages=self._languages.links(),
            alternates=self._languages.alternates(self._public_url, address) if indexed and self._public_url else (),
            site=self._public_url,
            picture=picture,
        )

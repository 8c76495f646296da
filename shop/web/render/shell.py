"""Builds what surrounds every page."""

from __future__ import annotations

from typing import Protocol

from shop.catalog.model import Category, Query
from shop.i18n import content, spoken
from shop.web.render.language import Languages
from shop.web.render.paths import listing_path
from shop.web.render.prices import Currencies
from shop.web.render.views import Link, Picture, Shell


class Categories(Protocol):
    """Whoever knows the categories."""

    async def categories(self) -> tuple[Category, ...]:
        """All categories that have published products."""


class ShellBuilder:
    """Builds shells. It remembers the categories it saw last, for pages that must not ask: errors."""

    def __init__(self, catalog: Categories, currencies: Currencies, languages: Languages, public_url: str = "") -> None:
        self._catalog = catalog
        self._currencies = currencies
        self._languages = languages
        self._public_url = public_url.rstrip("/")
        self._seen: tuple[Category, ...] = ()

    async def refresh(self) -> tuple[Category, ...]:
        """The categories as they are now; may raise StoreUnavailable."""
        self._seen = await self._catalog.categories()
        return self._seen

    def shell(
        self,
        title: str,
        *,
        path: str,
        currency: str,
        description: str = "",
        category: str = "",
        q: str = "",
        indexed: bool = False,
        canonical: str = "",
        picture: Picture | None = None,
    ) -> Shell:
        """The shell of a page at `path`; `indexed` pages are for search engines, under `canonical` or their path."""
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

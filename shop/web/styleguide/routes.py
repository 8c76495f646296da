"""The URL of the style guide."""

from __future__ import annotations

from shop.parts import Parts
from shop.web.http.routing import Route, page
from shop.web.render.storefront import Storefront
from shop.web.styleguide.styleguide import StyleguideHandlers


def routes(site: Storefront, _parts: Parts) -> list[Route]:
    """The style guide, the only page of this package."""
    return [page("/styleguide", StyleguideHandlers(site).show)]

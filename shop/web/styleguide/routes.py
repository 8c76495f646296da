"""The URL of the style guide."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from shop.parts import Parts
from shop.web.http.routing import page
from shop.web.render.storefront import Storefront
from shop.web.styleguide.styleguide import StyleguideHandlers


def routes(site: Storefront, _parts: Parts) -> list[HTTPRouteHandler]:
    """One page."""
    return [page("/styleguide")(StyleguideHandlers(site).show)]

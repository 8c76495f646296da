"""The URLs of texts, preferences and static files."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.http.routing import page
from shop.web.pages.offline import OfflineHandlers
from shop.web.pages.preferences import PreferenceHandlers
from shop.web.pages.sitemap import SitemapHandlers
from shop.web.pages.texts import TextHandlers
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """All that belongs to no other room."""
    texts = TextHandlers(site, parts.terms)
    preferences = PreferenceHandlers(site, parts.carts, parts.ordering.reservations)
    offline, sitemap = OfflineHandlers(site), SitemapHandlers(site)
    return [
        page("/about")(texts.about),
        page("/help")(texts.help),
        post("/setCurrency")(preferences.set_currency),
        post("/setLanguage")(preferences.set_language),
        page("/logout")(preferences.ask_logout),
        post("/logout")(preferences.logout),
        page("/static/{path:path}")(site.assets.serve),
        page("/dictionary/{name:str}")(site.dictionaries.serve),
        page("/favicon.ico")(texts.icon),
        page("/offline")(offline.page),
        page("/service-worker.js")(offline.worker),
        page("/robots.txt")(sitemap.robots),
        page("/sitemap.xml")(sitemap.sitemap),
    ]

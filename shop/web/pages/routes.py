"""The URLs of texts, preferences and static files."""

from __future__ import annotations

from shop.parts import Parts
from shop.web.http.routing import Route, change, page
from shop.web.pages.offline import OfflineHandlers
from shop.web.pages.preferences import PreferenceHandlers
from shop.web.pages.sitemap import SitemapHandlers
from shop.web.pages.texts import TextHandlers
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[Route]:
    """Every URL that belongs to no other package."""
    texts, preferences = TextHandlers(site, parts.terms), PreferenceHandlers(site, parts.carts)
    offline, sitemap = OfflineHandlers(site), SitemapHandlers(site)
    return [
        page("/about", texts.about),
        page("/help", texts.help),
        change("/setCurrency", preferences.set_currency),
        change("/setLanguage", preferences.set_language),
        page("/logout", preferences.ask_logout),
        change("/logout", preferences.logout),
        page("/static/{path:path}", site.assets.serve),
        page("/offline", offline.page),
        page("/service-worker.js", offline.worker),
        page("/robots.txt", sitemap.robots),
        page("/sitemap.xml", sitemap.sitemap),
    ]

"""The pages of words, about and help: the same for everyone, and kept rendered."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from shop.checkout.pricing.terms import Terms
from shop.i18n import content
from shop.i18n import gettext as _
from shop.web.http.reply import Reply
from shop.web.http.request import Visit, WebRequest
from shop.web.pages.views import AboutView, HelpView
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront
from shop.web.render.views import DeliveryView, DeliveryWay, Shell


class TextHandlers:
    """Handles /about and /help."""

    def __init__(self, window: Storefront, terms: Terms) -> None:
        self._window = window
        self._terms = terms

    async def about(self, request: WebRequest) -> Reply:
        """GET /about."""

        def view(prices: Prices) -> AboutView:
            shell = self._shell("about", _("About Neap"), _("Who makes these things, and how."), prices)
            scene = self._window.pictures.scene("shelf", _("A kitchen shelf with bowls, jars and a board"))
            return AboutView(shell, scene)

        return await self._page(request, "pages/about.html", view)

    async def help(self, request: WebRequest) -> Reply:
        """GET /help."""

        def view(prices: Prices) -> HelpView:
            shell = self._shell("help", _("Help"), _("How this shop works."), prices)
            return HelpView(shell, delivery_of(self._terms, prices))

        return await self._page(request, "pages/help.html", view)

    def _shell(self, name: str, title: str, description: str, prices: Prices) -> Shell:
        return self._window.shells.shell(
            title, description=description, path=f"/{name}", currency=prices.currency, indexed=True
        )

    async def _page(self, request: WebRequest, template: str, view: Callable[[Prices], msgspec.Struct]) -> Reply:
        visit = Visit(request.scope)
        prices = self._window.prices(visit)

        async def render() -> str:
            await self._window.shells.refresh()
            return self._window.templates.render(template, view(prices))

        page = await self._window.page((template,), prices, render)
        return page.reply(visit)


def delivery_of(terms: Terms, prices: Prices) -> tuple[DeliveryView, ...]:
    """The ways of shipping to each part of the world, with what the lightest parcel costs."""
    return tuple(
        DeliveryView(
            content(zone.title),
            tuple(
                DeliveryWay(
                    content(method.title),
                    prices.text(method.bands[0].price),
                    prices.text(method.free_from) if method.free_from else "",
                )
                for method in zone.methods
            ),
        )
        for zone in terms.zones
    )

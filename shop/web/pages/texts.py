"""The about and help pages: the same for everyone, and cached."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from shop.checkout.pricing.terms import Terms
from shop.i18n import content
from shop.i18n import gettext as _
from shop.web.http.reply import Header, Reply
from shop.web.http.request import ShopRequest
from shop.web.pages.views import AboutView, HelpView
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront
from shop.web.render.views import DeliveryView, DeliveryWay, Shell

_PNG: Header = (b"content-type", b"image/png")
_ONE_DAY: Header = (b"cache-control", b"public, max-age=86400")


class TextHandlers:
    """Handles /about, /help and /favicon.ico."""

    def __init__(self, site: Storefront, terms: Terms) -> None:
        self._site = site
        self._terms = terms

    async def about(self, request: ShopRequest) -> Reply:
        """GET /about."""

        async def view(prices: Prices) -> AboutView:
            shell = await self._shell("about", _("About Neap"), _("Who makes these things, and how."), prices)
            scene = self._site.pictures.scene("shelf", _("A kitchen shelf with bowls, jars and a board"))
            return AboutView(shell, scene)

        return await self._page(request, "pages/about.html", view)

    async def help(self, request: ShopRequest) -> Reply:
        """GET /help."""

        async def view(prices: Prices) -> HelpView:
            shell = await self._shell("help", _("Help"), _("How this shop works."), prices)
            return HelpView(shell, delivery_of(self._terms, prices))

        return await self._page(request, "pages/help.html", view)

    async def icon(self, request: ShopRequest) -> Reply:  # noqa: ARG002 - the same for everyone
        """GET /favicon.ico, for programs that read no <link>."""
        return Reply(200, (_PNG, _ONE_DAY), self._site.assets.body("img/icons/192.png"))

    async def _shell(self, name: str, title: str, description: str, prices: Prices) -> Shell:
        return await self._site.shells.shell(
            title, description=description, path=f"/{name}", currency=prices.currency, indexed=True
        )

    async def _page(
        self, request: ShopRequest, template: str, view: Callable[[Prices], Awaitable[msgspec.Struct]]
    ) -> Reply:
        prices = self._site.prices(request)

        async def render() -> str:
            return self._site.templates.render(template, await view(prices))

        page = await self._site.page((template,), prices, render)
        return page.reply(request)


def delivery_of(terms: Terms, prices: Prices) -> tuple[DeliveryView, ...]:
    """The shipping methods to each zone, with the price of the lightest parcel."""
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
        if zone.methods
    )

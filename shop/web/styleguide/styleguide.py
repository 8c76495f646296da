"""The style guide, for developers: every component in every state, from the same views as the shop's pages."""

from __future__ import annotations

import msgspec

from shop.catalog.model import Facet, FacetValue, Page, Query
from shop.errors import NotFound
from shop.web.cart.views import FreeShippingView
from shop.web.catalog.listing_builder import grid_view
from shop.web.checkout.fields import FIELDS
from shop.web.checkout.views import Alert, FieldView
from shop.web.http.reply import Reply, html
from shop.web.http.request import ShopRequest
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront
from shop.web.render.views import Card, Link, Picture, Price, Shell
from shop.web.styleguide.colour_roles import GROUNDS, Role, roles
from shop.web.styleguide.views import StyleguideView

LONG = "Long Reach Salt-Glazed Stoneware Casserole with a Willow-Wrapped Handle and Two Lids"
NOTHING_FOUND = Query(q="xylophone")
FACETS = (
    Facet("category", "Category", (FacetValue("mugs", "Mugs", 3, selected=True), FacetValue("bowls", "Bowls", 12))),
    Facet("Colour", "Colour", (FacetValue("Moss", "Moss", 4, selected=True), FacetValue("Clay", "Clay", 0))),
    Facet("in_stock", "Availability", (FacetValue("1", "In stock", 5),)),
)


class StyleguideHandlers:
    """Handles /styleguide, in a shop without a public address."""

    def __init__(self, site: Storefront) -> None:
        self._site = site

    async def show(self, request: ShopRequest) -> Reply:
        """GET /styleguide. Raises NotFound in a shop with a public address."""
        if self._site.public_url:
            raise NotFound("There is no such page.")
        prices = self._site.currencies.prices(None)
        shell = await self._site.shells.shell("Style guide", path="/styleguide", currency=prices.currency)
        css = self._site.assets.body("css/shop.css").decode()
        view = styleguide_view(shell, roles(css), prices, self._site.pictures)
        return html(self._site.templates.render("styleguide/page.html", view, request.badge))


def styleguide_view(shell: Shell, colour_roles: tuple[Role, ...], prices: Prices, pictures: Pictures) -> StyleguideView:
    """The page, with examples that do not depend on the catalogue."""
    return StyleguideView(
        shell=shell,
        roles=colour_roles,
        grounds=GROUNDS,
        cards=_cards(pictures.picture(None, "A half moon over calm water")),
        grid=grid_view(shell, Page(Query(page=5), (), FACETS, 212, 9), prices, pictures, prices.currency),
        nothing=grid_view(
            msgspec.structs.replace(shell, q=NOTHING_FOUND.q),
            Page(NOTHING_FOUND, (), (), 0, 1),
            prices,
            pictures,
            prices.currency,
        ),
        fields=(
            FieldView(FIELDS["city"], "Bergen"),
            FieldView(FIELDS["zip_code"], "", "Enter the postal code."),
            FieldView(FIELDS["gift_note"], "For Kim.\nSleep well."),
        ),
        alert=Alert(
            "Please correct one field",
            fields=(Link("Enter the postal code.", "#zip_code"),),
            changes=("Keel Pan: €69.00 before, now €79.00",),
        ),
        shipping=(
            FreeShippingView("€12.70 more for free delivery to the European Union.", 4730, 6000),
            FreeShippingView("You have free delivery to the European Union.", 6000, 6000),
        ),
    )


def _cards(picture: Picture) -> tuple[Card, ...]:
    plain = Card("plain", "Reed Vase", "#plain", picture, Price("€48.00"), "", False, False, "REED-VASE")
    change = msgspec.structs.replace
    return (
        plain,
        change(plain, title="Tide Mug", sku="", price=Price("€24.00", varies=True)),
        change(plain, title="Keel Pan", price=Price("€69.00", "€85.00"), on_sale=True),
        change(plain, title="Cove Teapot", stock="Only 3 left"),
        change(plain, title="Ember Dish", stock="Sold out", sold_out=True),
        change(plain, title=LONG, price=Price("€1,249.00", "€1,480.00", varies=True), on_sale=True, sku=""),
    )

"""Builds the part of the front page above its grid, from the first page of the listing: no query."""

from __future__ import annotations

from collections.abc import Iterable

from shop.catalog.model import Category, Listing, Query
from shop.i18n import content
from shop.i18n import gettext as _
from shop.web.catalog.category_lead import CORNER, TABLE
from shop.web.catalog.views import HomeView, Tile
from shop.web.render.cards import card
from shop.web.render.paths import listing_path
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices

FEATURED = 4
SMALL = 4


def home_view(
    listings: tuple[Listing, ...], categories: Iterable[Category], prices: Prices, pictures: Pictures
) -> HomeView:
    """The upper part of the front page, for these listings on the first page of its grid."""
    featured, others = listings[:FEATURED], listings[FEATURED:]
    tiles = (_tile(category, (*others, *featured), pictures) for category in categories)
    return HomeView(
        scene=pictures.scene(TABLE[0], _(TABLE[1])),
        story=pictures.scene(CORNER[0], _(CORNER[1])),
        categories=tuple(tile for tile in tiles if tile),
        featured=tuple(card(listing, prices, pictures) for listing in featured),
        small=tuple(card(listing, prices, pictures) for listing in _inexpensive(others)),
    )


def _tile(category: Category, listings: Iterable[Listing], pictures: Pictures) -> Tile | None:
    """A category with the picture of its first listing; None if none of these listings is in it."""
    shown = next((listing for listing in listings if listing.category == category.title and listing.image), None)
    if shown is None:
        return None
    picture = pictures.picture(shown.image, shown.title)
    return Tile(content(category.title), listing_path(Query(category=category.slug)), picture)


def _inexpensive(listings: tuple[Listing, ...]) -> list[Listing]:
    available = sorted(
        (listing for listing in listings if listing.stock != 0), key=lambda listing: listing.price.amount
    )
    return available[:SMALL] if len(available) >= 2 * SMALL else []

"""Builds product cards."""

from __future__ import annotations

from functools import lru_cache

from shop.catalog.model import LOW_STOCK, Listing
from shop.i18n import content, ngettext, noted
from shop.i18n import gettext as _
from shop.money import Money
from shop.web.render.paths import product_path
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.swatches import swatch_of
from shop.web.render.views import Card, CardChoice, Price

MOST_CHOICES = 5
"""Values of an option on a card."""

RESERVED = noted("Reserved, may come back")
IN_ANOTHER_CART = noted("The last ones are reserved for another order. They may come back within minutes.")


@lru_cache(maxsize=4096)
def card(listing: Listing, prices: Prices, pictures: Pictures) -> Card:
    """The card of a product. `prices` must be in the current language: as a part of the cache key it stands for it."""
    choices = _choices(listing)
    return Card(
        handle=listing.handle,
        title=listing.title,
        url=product_path(listing.handle),
        picture=pictures.picture(listing.image, listing.title),
        price=price(prices, listing.price, listing.compare_at, varies=listing.to_price != listing.price),
        stock=_(RESERVED)
        if listing.reserved
        else stock_label(listing.stock)
        if listing.sku or listing.stock == 0
        else "",
        sold_out=listing.stock == 0,
        on_sale=listing.compare_at is not None,
        sku=listing.sku or "",
        choices=choices[:MOST_CHOICES],
        more_choices=len(choices[MOST_CHOICES:]),
    )


def _choices(listing: Listing) -> tuple[CardChoice, ...]:
    """The values of the first option, as the shopper reads them."""
    return tuple(
        CardChoice(content(value), swatch_of(name, value)) for name, values in listing.choices[:1] for value in values
    )


def price(prices: Prices, now: Money, before: Money | None, *, varies: bool = False) -> Price:
    """A price in the shopper's currency, with the price before a reduction if there is one."""
    return Price(prices.text(now), prices.text(before) if before else "", varies)


def stock_label(stock: int | None) -> str:
    """'Only 3 left' or 'Sold out'; '' above LOW_STOCK, and for unlimited stock (None)."""
    if stock is None or stock > LOW_STOCK:
        return ""
    return ngettext("Only {count} left", "Only {count} left", stock) if stock > 0 else _("Sold out")

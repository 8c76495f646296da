"""Builds the cart's view from the cart and the catalogue's current offers for its lines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from shop.cart.model import Cart, Limits, Line, Removed
from shop.catalog.model import LOW_STOCK, Offer
from shop.i18n import content_options, full_name, ngettext, noted
from shop.i18n import gettext as _
from shop.money import Money
from shop.web.cart.returning_cart import returning_cart_view
from shop.web.cart.totals import CartTotals
from shop.web.cart.views import CartView, LineView, UndoView
from shop.web.render.cards import IN_ANOTHER_CART
from shop.web.render.paths import line_path, product_path, recommended_path
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices

DISCONTINUED = noted("We no longer sell this item. It is not part of your total.")
UNDO_SECONDS = 600
"""How long a removal can be undone."""


def skus_of(cart: Cart, now: int) -> tuple[str, ...]:
    """The skus whose offers `cart_view` needs, without duplicates."""
    return tuple({line.sku: None for line in (*cart.lines, *(line for _, line in _undoable(cart, now)))})


def cart_view(
    cart: Cart,
    offers: Mapping[str, Offer],
    totals: CartTotals,
    prices: Prices,
    pictures: Pictures,
    limits: Limits,
    now: int,
    since: int = 0,
) -> CartView:
    """The view of a cart at `now` (seconds since the epoch); `offers` by sku, for each sku that is still sold.

    `totals`: computed from the same offers and prices. `since`: the last change of a returning cart, seconds since the
    epoch; 0 for no notice about its return.
    """
    active = tuple(_line(line, offers.get(line.sku), prices, pictures, limits) for line in cart.active)
    saved = tuple(_line(line, offers.get(line.sku), prices, pictures, limits) for line in cart.saved)
    return CartView(
        lines=active,
        saved=saved,
        quantity=totals.items.quantity,
        subtotal=totals.items.subtotal.format(),
        undo=_undo(cart, offers, now),
        partial=cart.partial,
        revision=cart.revision,
        returning=returning_cart_view(since, active + saved),
        coupon=totals.coupon,
        discounts=totals.discounts,
        discounted=totals.discounted.format() if totals.discounted else "",
        shipping=totals.shipping,
        recommended_url=recommended_path(_handles(cart, offers)),
    )


def _handles(cart: Cart, offers: Mapping[str, Offer]) -> tuple[str, ...]:
    """Handles of the products in a cart, newest first, then of those saved for later; none for an empty cart."""
    lines = (*reversed(cart.active), *cart.saved)
    return tuple({offers[line.sku].handle: None for line in lines if line.sku in offers}) if cart.active else ()


def name_of(offer: Offer | None) -> str:
    """Name of an offer for a sentence: 'Tide Mug, Moss'; None for an item that is no longer sold."""
    if offer is None:
        return _("an item that is no longer sold")
    return full_name(offer.title, offer.variant)


@lru_cache(maxsize=8192)
def _line(line: Line, offer: Offer | None, prices: Prices, pictures: Pictures, limits: Limits) -> LineView:
    path = line_path(line.sku, saved=line.saved)
    if offer is None:
        return _discontinued(line, path, prices, pictures)
    unit = prices.convert(offer.price)
    was = prices.convert(offer.compare_at) if offer.compare_at else unit
    saved = Money(was.amount - unit.amount, unit.currency)
    return LineView(
        sku=line.sku,
        path=path,
        title=offer.title,
        variant=content_options(offer.variant),
        url=product_path(offer.handle, offer.sku if offer.variant else ""),
        picture=pictures.picture(offer.image, offer.title),
        quantity=line.quantity,
        max_quantity=limits.quantity if offer.stock is None else min(limits.quantity, offer.stock),
        unit_price=unit.format(),
        was=was.format() if saved.amount > 0 else "",
        saving=(saved * line.quantity).format() if saved.amount > 0 else "",
        total=(unit * line.quantity).format(),
        notices=(*_changes(line, offer, prices), *_low_stock(line, offer)),
        changes=_changes(line, offer, prices),
        discontinued=False,
    )


def _discontinued(line: Line, path: str, prices: Prices, pictures: Pictures) -> LineView:
    return LineView(
        sku=line.sku,
        path=path,
        title=_("No longer sold"),
        variant=line.sku,
        url="",
        picture=pictures.picture(None, ""),
        quantity=line.quantity,
        max_quantity=line.quantity,
        unit_price="",
        was="",
        saving="",
        total=Money(0, prices.currency).format(),
        notices=(_(DISCONTINUED),),
        changes=(_(DISCONTINUED),),
        discontinued=True,
    )


def _changes(line: Line, offer: Offer, prices: Prices) -> tuple[str, ...]:
    """Notices about what has changed since the line was added: price and availability."""
    before, today = prices.text(line.price), prices.text(offer.price)
    changes = []
    if before != today:
        if prices.convert(offer.price).amount > prices.convert(line.price).amount:
            changes.append(_("The price went up from {before} to {today}.", before=before, today=today))
        else:
            changes.append(_("The price went down from {before} to {today}.", before=before, today=today))
    if offer.stock is not None and not line.saved:
        if offer.stock <= 0:
            changes.append(_(IN_ANOTHER_CART) if offer.reserved else _("Sold out."))
        elif offer.stock < line.quantity:
            changes.append(
                ngettext(
                    "Only {count} left. Please lower the quantity.",
                    "Only {count} left. Please lower the quantity.",
                    offer.stock,
                )
            )
    return tuple(changes)


def _low_stock(line: Line, offer: Offer) -> tuple[str, ...]:
    if offer.stock is not None and not line.saved and line.quantity <= offer.stock <= LOW_STOCK:
        return (ngettext("Only {count} left.", "Only {count} left.", offer.stock),)
    return ()


def _undoable(cart: Cart, now: int) -> tuple[tuple[int, Line], ...]:
    recent: Removed | None = cart.removed if cart.removed and now - cart.removed.at < UNDO_SECONDS else None
    return recent.lines if recent else ()


def _undo(cart: Cart, offers: Mapping[str, Offer], now: int) -> UndoView | None:
    lines = _undoable(cart, now)
    if not lines or cart.removed is None:
        return None
    if len(lines) == 1:
        message = _("Removed {name}.", name=name_of(offers.get(lines[0][1].sku)))
    else:
        message = ngettext("Removed {count} different item.", "Removed {count} different items.", len(lines))
    return UndoView(cart.removed.change.hex(), message)

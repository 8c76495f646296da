"""Builds the view of a product page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from shop.catalog.model import Category, Listing, Product, Query, Reviews, Variant
from shop.checkout.pricing.terms import Terms
from shop.i18n import content, content_options
from shop.i18n import gettext as _
from shop.web.catalog.delivery_builder import delivery_view, promise
from shop.web.catalog.html_text import lead_and_facts
from shop.web.catalog.json_ld import product_json_ld, trail_json_ld
from shop.web.catalog.reviews_builder import reviews_view
from shop.web.catalog.views import OptionValue, OptionView, ProductView, VariantView
from shop.web.render.cards import IN_ANOTHER_CART, card, price, stock_label
from shop.web.render.paths import listing_path, product_path
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.swatches import swatch_of
from shop.web.render.views import Link, Picture, Shell


def product_view(
    shell: Shell,
    product: Product,
    chosen: Variant,
    shown: tuple[Picture, ...],
    related: Iterable[Listing],
    category: Link | None,
    prices: Prices,
    pictures: Pictures,
    terms: Terms,
    max_quantity: int,
    *,
    today: date,
    reviews: Reviews,
    takes_alerts: bool = False,
    error: str = "",
    quantity: str = "1",
) -> ProductView:
    """The view of a product page with a selected variant. `max_quantity` is the limit of a cart line.

    `today`: in the shop's time zone, for the days of delivery. `takes_alerts`: whether one can ask to be told when
    something is back.

    After a refused add without JavaScript, `error` is the reason and `quantity` the submitted text.
    """
    trail = (Link(_("Shop"), "/"), *([category] if category else ()))
    here = Link(content(product.title), product_path(product.handle), current=True)
    lead, facts = lead_and_facts(content(product.description))
    return ProductView(
        shell=shell,
        handle=product.handle,
        title=here.label,
        trail=trail,
        lead=lead,
        facts=facts,
        pictures=shown,
        options=tuple(_option(product, index, chosen) for index in range(len(product.options))),
        selected=_variant(chosen, prices, max_quantity),
        delivery=delivery_view(chosen, terms, prices),
        category=category,
        related=tuple(card(listing, prices, pictures) for listing in related),
        json_ld=(
            product_json_ld(product, shown if product.images else (), shell, prices, reviews),
            trail_json_ld((*trail, here), shell),
        ),
        reviews=reviews_view(reviews),
        promise=promise(chosen, terms, prices, today),
        takes_alerts=takes_alerts,
        error=error,
        quantity=quantity,
    )


def pictures_of(product: Product, chosen: Variant, pictures: Pictures) -> tuple[Picture, ...]:
    """A product's pictures: that of the chosen variant, then those of no variant, then those of other variants.

    A product without pictures has one fallback picture.
    """
    own = {variant.image for variant in product.variants}

    def place(index: int) -> int:
        return 0 if index == chosen.image else 2 if index in own else 1

    order = sorted(range(len(product.images)), key=place)
    title = content(product.title)
    return tuple(pictures.picture(product.images[index], title) for index in order) or (pictures.picture(None, title),)


def first_choice(product: Product) -> Variant:
    """The default variant of a page: the first available one, else the first."""
    return next((variant for variant in product.variants if variant.available), product.variants[0])


def category_link(product: Product, categories: Iterable[Category]) -> Link | None:
    """The link to the product's first category, or None."""
    names = product.categories[:1]
    found = next((known for known in categories if known.title in names or known.slug in names), None)
    return Link(content(found.title), listing_path(Query(category=found.slug))) if found else None


def _variant(variant: Variant, prices: Prices, max_quantity: int) -> VariantView:
    return VariantView(
        sku=variant.sku,
        title=content_options(variant.title),
        price=price(prices, variant.price, variant.compare_at),
        stock=_(IN_ANOTHER_CART) if variant.reserved and not variant.available else stock_label(variant.stock),
        sold_out=not variant.available,
        max_quantity=max_quantity if variant.stock is None else min(max_quantity, variant.stock),
    )


def _option(product: Product, index: int, chosen: Variant) -> OptionView:
    values = dict.fromkeys(variant.options[index] for variant in product.variants)
    name = content(product.options[index])
    return OptionView(name, tuple(_value(product, index, value, chosen) for value in values))


def _value(product: Product, index: int, value: str, chosen: Variant) -> OptionValue:
    options = (*chosen.options[:index], value, *chosen.options[index + 1 :])
    existing = next((variant for variant in product.variants if variant.options == options), None)
    return OptionValue(
        value=content(value),
        selected=chosen.options[index] == value,
        available=existing is not None and existing.available,
        url=product_path(product.handle, existing.sku) if existing else "",
        swatch=swatch_of(product.options[index], value),
    )

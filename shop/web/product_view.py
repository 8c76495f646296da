"""Builds the product page's view."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

import msgspec

from shop.catalog.model import Category, Listing, Product, Query, Variant
from shop.web.cards import IN_ANOTHER_CART, card, price, stock_words
from shop.web.paths import listing_path, product_path
from shop.web.pictures import Pictures
from shop.web.prices import Prices
from shop.web.views import Link, OptionValue, OptionView, Picture, ProductView, Shell, VariantView

_TAG = re.compile(r"<[^>]*>")
_UNSAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def product_view(
    shell: Shell,
    product: Product,
    chosen: Variant,
    related: Iterable[Listing],
    category: Link | None,
    prices: Prices,
    pictures: Pictures,
    most: int,
    *,
    error: str = "",
    quantity: str = "1",
) -> ProductView:
    """A product's page with a variant chosen; `most` pieces of one line fit into a cart.

    Where an add was refused without JavaScript, `error` says why and `quantity` is what was typed.
    """
    shown = tuple(pictures.picture(image, product.title) for image in product.images)
    variants = tuple(_variant(product, variant, variant is chosen, prices, most) for variant in product.variants)
    return ProductView(
        shell=shell,
        handle=product.handle,
        title=product.title,
        vendor=product.vendor,
        description=product.description,
        pictures=shown or (pictures.picture(None, product.title),),
        options=tuple(_option(product, index, chosen) for index in range(len(product.options))),
        variants=variants,
        selected=next(variant for variant in variants if variant.selected),
        category=category,
        tags=product.tags,
        related=tuple(card(listing, prices, pictures) for listing in related),
        json_ld=json_ld(product, shown, shell, prices),
        error=error,
        quantity=quantity,
    )


def first_choice(product: Product) -> Variant:
    """The variant a page shows before one is chosen: the first that can be bought, else the first."""
    return next((variant for variant in product.variants if variant.available), product.variants[0])


def plain_text(html: str, length: int = 160) -> str:
    """The words of some HTML, cut off between two of them: for a page's description."""
    words = unescape(_TAG.sub(" ", html)).split()
    text = " ".join(words)
    return text if len(text) <= length else text[: length - 1].rpartition(" ")[0] + "…"


def category_link(product: Product, categories: Iterable[Category]) -> Link | None:
    """Where the product's first category is listed."""
    names = product.categories[:1]
    found = next((known for known in categories if known.title in names or known.slug in names), None)
    return Link(found.title, listing_path(Query(category=found.slug))) if found else None


def json_ld(product: Product, pictures: tuple[Picture, ...], shell: Shell, prices: Prices) -> str:
    """The product as schema.org/Product in JSON, safe inside a <script> element."""
    offers = [
        {
            "@type": "Offer",
            "sku": variant.sku,
            "price": str(prices.convert(variant.price).decimal),
            "priceCurrency": prices.currency,
            "availability": f"https://schema.org/{'InStock' if variant.available else 'OutOfStock'}",
            "url": shell.canonical_url,
        }
        for variant in product.variants
    ]
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.title,
        "description": plain_text(product.description, 5000),
        "url": shell.canonical_url,
        "image": [picture.url for picture in pictures],
        "brand": {"@type": "Brand", "name": product.vendor} if product.vendor else None,
        "offers": offers,
    }
    given = {name: value for name, value in data.items() if value}
    return msgspec.json.encode(given).decode().translate(_UNSAFE)


def _variant(product: Product, variant: Variant, selected: bool, prices: Prices, most: int) -> VariantView:
    image = variant.image if variant.image is not None and variant.image < len(product.images) else 0
    return VariantView(
        sku=variant.sku,
        title=variant.title,
        price=price(prices, variant.price, variant.compare_at),
        stock=IN_ANOTHER_CART if variant.held and not variant.available else stock_words(variant.stock),
        sold_out=not variant.available,
        max_quantity=most if variant.stock is None else min(most, variant.stock),
        selected=selected,
        url=product_path(product.handle, variant.sku),
        picture=image,
    )


def _option(product: Product, index: int, chosen: Variant) -> OptionView:
    values = dict.fromkeys(variant.options[index] for variant in product.variants)
    return OptionView(product.options[index], tuple(_value(product, index, value, chosen) for value in values))


def _value(product: Product, index: int, value: str, chosen: Variant) -> OptionValue:
    wanted = (*chosen.options[:index], value, *chosen.options[index + 1 :])
    there = next((variant for variant in product.variants if variant.options == wanted), None)
    return OptionValue(
        value=value,
        selected=chosen.options[index] == value,
        available=there is not None and there.available,
        url=product_path(product.handle, there.sku) if there else "",
    )

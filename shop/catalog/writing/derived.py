"""A product as the rows that are stored of it: the truth, and what is derived from it for reading. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import islice
from typing import Any

import msgspec

from shop.catalog.model import Product
from shop.catalog.reading.facets import index_tokens, option_facet
from shop.catalog.reading.narrow import title_key
from shop.catalog.reading.search import Indexed
from shop.catalog.reading.traits import Traits, categories_of
from shop.catalog.text import slug, words, words_in
from shop.i18n import Language, content, searched, speaking, texts_of
from shop.money import Money

INDEXED_WORDS = 2000
"""Different words of one language by which a product can be found; those of its title come first."""

_TAG = re.compile(r"<[^>]*>")

InCatalogCurrency = Callable[[Money], int]
"""Minor units of the catalogue's own currency."""


def json(data: object) -> str:
    """JSON text, as the catalogue's list columns hold it."""
    return msgspec.json.encode(data).decode()


def product_row(key: int, product: Product, worth: InCatalogCurrency, now: int) -> dict[str, Any]:
    """The row of `products`."""
    lowest = min(product.variants, key=lambda variant: variant.price.amount)
    category = product.categories[0] if product.categories else ""
    return {
        "id": key,
        "handle": product.handle,
        "title": product.title,
        "description": product.description,
        "vendor": product.vendor,
        "categories": json(product.categories),
        "tags": json(product.tags),
        "options": json(product.options),
        "images": json(product.images),
        "published": product.published,
        "created_at": product.created_at,
        "updated_at": now,
        "rank": product.rank,
        "currency": lowest.price.currency,
        "category": category,
        "category_slug": slug(category),
        "image": json(product.images[0] if product.images else None),
        "price": lowest.price.amount,
        "to_price": max(variant.price.amount for variant in product.variants),
        "compare_at": lowest.compare_at and lowest.compare_at.amount,
        "stock": total(variant.stock for variant in product.variants),
        "sku": lowest.sku if len(product.variants) == 1 else None,
        "sort_price": worth(lowest.price),
        "traits": json(Traits.of(product)),
    }


def variant_rows(key: int, product: Product) -> Iterator[dict[str, Any]]:
    """The rows of `variants`."""
    facets = [option_facet(name) for name in product.options]
    for position, variant in enumerate(product.variants):
        yield {
            "sku": variant.sku,
            "product_id": key,
            "position": position,
            "options": json(variant.options),
            "tokens": " ".join(facet.token(value) for facet, value in zip(facets, variant.options, strict=True)),
            "price": variant.price.amount,
            "compare_at": variant.compare_at and variant.compare_at.amount,
            "stock": variant.stock,
            "weight": variant.weight,
            "image": variant.image,
        }


def listing_rows(key: int, product: Product, worth: InCatalogCurrency) -> Iterator[dict[str, Any]]:
    """The rows of `listings`: one in '', and one in each category."""
    if product.published:
        row = {
            "product_id": key,
            "rank": product.rank,
            "price": min(worth(variant.price) for variant in product.variants),
            "created_at": product.created_at,
            "title_key": title_key(product.title),
            "in_stock": any(variant.available for variant in product.variants),
        }
        yield from ({**row, "category": category} for category in ("", *dict(categories_of(product))))


def indexed(key: int, product: Product, languages: Iterable[Language] = ()) -> Indexed:
    """What the product is found by: its own words, and those of its translations."""
    names = (product.title, product.vendor, *product.tags, *(variant.sku for variant in product.variants))
    values = dict.fromkeys(value for variant in product.variants for value in variant.options)
    found = _most(words(" ".join((*names, *product.categories, *values, _plain(product.description)))))
    shown = (*product.categories, *values, *texts_of(product.description))
    for language in languages:
        with speaking(language):
            called = [told for name in (product.title, *product.tags) if (told := searched(name)) != name]
            translated = [told for text in shown if (told := content(text)) != text]
        found += _most(words_in(language.code, unescape(" ".join((*called, *translated)))))
    return Indexed(key, found, index_tokens(Traits.of(product)))


def _plain(html: str) -> str:
    return unescape(_TAG.sub(" ", html))


def _most(found: Iterable[str]) -> list[str]:
    return list(islice(dict.fromkeys(found), INDEXED_WORDS))


def total(stocks: Iterable[int | None]) -> int | None:
    """A product's stock from that of its variants; None where one has no limit."""
    known = list(stocks)
    return None if None in known else sum(filter(None, known))

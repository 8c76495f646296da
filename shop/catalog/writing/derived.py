"""Builds the rows of a product: the primary ones, and those derived for reading. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import islice
from typing import Any

import msgspec

from shop.catalog.model import Product
from shop.catalog.reading.facets import index_tokens, option_facet
from shop.catalog.reading.filtering import title_key
from shop.catalog.reading.search import IndexEntry
from shop.catalog.reading.traits import Traits, categories_of
from shop.catalog.text import search_words, slug, translation_words
from shop.i18n import Language, content, searched, speaking, texts_of
from shop.money import Money

MAX_INDEXED_WORDS = 2000
"""Distinct words per language that are indexed for a product; those of its title come first."""

_TAG = re.compile(r"<[^>]*>")

InCatalogCurrency = Callable[[Money], int]
"""Converts an amount to minor units of the catalogue's own currency."""


def json(data: object) -> str:
    """The JSON text of a value, for the catalogue's JSON columns."""
    return msgspec.json.encode(data).decode()


def product_row(key: int, product: Product, in_catalog_currency: InCatalogCurrency, now: int) -> dict[str, Any]:
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
        "stock": total_stock(variant.stock for variant in product.variants),
        "sku": lowest.sku if len(product.variants) == 1 else None,
        "sort_price": in_catalog_currency(lowest.price),
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


def listing_rows(key: int, product: Product, in_catalog_currency: InCatalogCurrency) -> Iterator[dict[str, Any]]:
    """The rows of `listings`: one in '' (all products), and one in each category."""
    if product.published:
        row = {
            "product_id": key,
            "rank": product.rank,
            "price": min(in_catalog_currency(variant.price) for variant in product.variants),
            "created_at": product.created_at,
            "title_key": title_key(product.title),
            "in_stock": any(variant.available for variant in product.variants),
        }
        yield from ({**row, "category": category} for category in ("", *dict(categories_of(product))))


def indexed(key: int, product: Product, languages: Iterable[Language] = ()) -> IndexEntry:
    """The search index entry of a product: its own words, those of its translations, and its tokens."""
    names = (product.title, product.vendor, *product.tags, *(variant.sku for variant in product.variants))
    values = dict.fromkeys(value for variant in product.variants for value in variant.options)
    found = _first_distinct(search_words(" ".join((*names, *product.categories, *values, _plain(product.description)))))
    texts = (*product.categories, *values, *texts_of(product.description))
    for language in languages:
        with speaking(language):
            translated_names = [
                translation for name in (product.title, *product.tags) if (translation := searched(name)) != name
            ]
            translated_texts = [translation for text in texts if (translation := content(text)) != text]
        found += _first_distinct(
            translation_words(language.code, unescape(" ".join((*translated_names, *translated_texts))))
        )
    return IndexEntry(key, found, index_tokens(Traits.of(product)))


def _plain(html: str) -> str:
    return unescape(_TAG.sub(" ", html))


def _first_distinct(found: Iterable[str]) -> list[str]:
    return list(islice(dict.fromkeys(found), MAX_INDEXED_WORDS))


def total_stock(stocks: Iterable[int | None]) -> int | None:
    """A product's stock: the sum over its variants; None if one of them has no limit."""
    known = list(stocks)
    return None if None in known else sum(filter(None, known))

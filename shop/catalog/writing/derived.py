"""Builds the rows of a product: the primary ones, and those derived for reading. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import unescape
from typing import Any

import msgspec

from shop.catalog.analysis.analyzer import analyzer, indexed_words, is_word
from shop.catalog.model import Product
from shop.catalog.reading.facets import index_tokens, option_facet
from shop.catalog.reading.filtering import title_key
from shop.catalog.reading.search import IndexEntry
from shop.catalog.reading.text_search import Field
from shop.catalog.reading.traits import Traits, categories_of
from shop.catalog.text import slug
from shop.i18n import ENGLISH, Language, content, searched, speaking, texts_of
from shop.money import Money

MAX_INDEXED_WORDS = 2000
"""Distinct words of a product that are indexed, for each field and language."""

_TAG = re.compile(r"<[^>]*>")


class Indexed(msgspec.Struct, frozen=True):
    """What the search index stores of a product, and the best field of each word by (language, word)."""

    entry: IndexEntry
    words: Mapping[tuple[str, str], Field]


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
            "tax_class": variant.tax_class,
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


def indexed(key: int, product: Product, languages: Iterable[Language] = (ENGLISH,)) -> Indexed:
    """The search index entry of a product in these languages, and the words that a search can then find."""
    own = _texts(product)
    entry = {field: dict.fromkeys(_first(texts)) for field, texts in own.items()}
    words: dict[tuple[str, str], Field] = {}
    for language in languages:
        analysis = analyzer(language.code)
        with speaking(language):
            translated = {} if language is ENGLISH else _translations(product)
        for field, texts in own.items():
            typed, others = _first(texts), _first(translated.get(field, ()))
            entry[field] |= dict.fromkeys((*analysis.own(typed), *analysis.translated(others)))
            for word in filter(is_word, (*typed, *others)):
                words.setdefault((language.code, word), field)
    lexemes = {field: list(found) for field, found in entry.items()}
    return Indexed(IndexEntry(key, lexemes, index_tokens(Traits.of(product))), words)


def _texts(product: Product) -> dict[Field, list[str]]:
    """A product's own texts."""
    values = dict.fromkeys(value for variant in product.variants for value in variant.options)
    skus = " ".join(variant.sku for variant in product.variants)
    return {
        Field.TITLE: [product.title],
        Field.TAGS: [product.vendor, *product.tags, *product.categories, *values],
        Field.TEXT: [skus, _plain(product.description), *(image.alt for image in product.images)],
    }


def _translations(product: Product) -> dict[Field, list[str]]:
    """What a product's texts are in the current language, and the words that it is searched by."""
    values = (value for variant in product.variants for value in variant.options)
    texts = (*texts_of(product.description), *(image.alt for image in product.images))
    return {
        Field.TITLE: _changed([product.title], searched),
        Field.TAGS: [
            *_changed(product.tags, searched),
            *_changed((*product.categories, *dict.fromkeys(values)), content),
        ],
        Field.TEXT: [unescape(text) for text in _changed(texts, content)],
    }


def _changed(texts: Iterable[str], translate: Callable[[str], str]) -> list[str]:
    return [translation for text in texts if (translation := translate(text)) != text]


def _plain(html: str) -> str:
    return unescape(_TAG.sub(" ", html))


def _first(texts: Iterable[str]) -> list[str]:
    """The first distinct words of some texts."""
    return indexed_words(" ".join(texts))[:MAX_INDEXED_WORDS]


def total_stock(stocks: Iterable[int | None]) -> int | None:
    """A product's stock: the sum over its variants; None if one of them has no limit."""
    known = list(stocks)
    return None if None in known else sum(filter(None, known))

"""Exports the catalogue as Shopify's product CSV. Importing the export yields the same catalogue."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterable, Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from typing import TextIO

from shop.catalog.importers.shopify_columns import COLUMNS, EXPORTED, NO_OPTION, OPTIONS
from shop.catalog.model import Image, Product, Variant
from shop.catalog.writing.derived import json

Row = dict[str, str]


async def export_catalog(products: AsyncIterable[Product], file: TextIO) -> int:
    """Write the products in order, one at a time; return their number."""
    writer = csv.DictWriter(file, EXPORTED, restval="", lineterminator="\n")
    writer.writerow({name: COLUMNS[name][0] for name in EXPORTED})
    count = 0
    async for product in products:
        writer.writerows(rows_of(product))
        count += 1
    return count


def rows_of(product: Product) -> Iterator[Row]:
    """The rows of a product, keyed by our column names: each with a variant and an image as long as there are both."""
    described = _described(product)
    for variant, image in zip_longest(product.variants, product.images):
        yield {
            "handle": product.handle,
            **described,
            **(_variant(product, variant) if variant else {}),
            **(_image(product, image) if image else {}),
        }
        described = {}


def _described(product: Product) -> Row:
    names = product.options or NO_OPTION[:1]
    return {
        "title": product.title,
        "description": product.description,
        "vendor": product.vendor,
        "type": product.categories[0] if product.categories else "",
        "tags": ", ".join(product.tags),
        "published": str(product.published).upper(),
        "status": "Active" if product.published else "Draft",
        "categories": json(product.categories) if len(product.categories) > 1 else "",
        "currency": product.variants[0].price.currency,
        "gift_card": str(product.variants[0].tax_class == "gift-card").upper(),
        "created_at": datetime.fromtimestamp(product.created_at, UTC).isoformat().replace("+00:00", "Z"),
        **{name: given for (name, _), given in zip(OPTIONS, names, strict=False)},
    }


def _variant(product: Product, variant: Variant) -> Row:
    values = variant.options or NO_OPTION[1:]
    on_hand = "" if variant.level.on_hand is None else str(variant.level.on_hand)
    return {
        "sku": variant.sku,
        **{value: given for (_, value), given in zip(OPTIONS, values, strict=False)},
        "price": f"{variant.price.decimal:f}",
        "compare_at": f"{variant.compare_at.decimal:f}" if variant.compare_at else "",
        "tracker": "" if variant.stock is None else "shopify",
        "quantity": on_hand,
        "exported": on_hand,
        "policy": "DENY",
        "grams": str(variant.weight),
        "weight_unit": "g",
        "tax_class": variant.tax_class,
        "taxable": str(variant.tax_class not in ("exempt", "gift-card")).upper(),
        "variant_image": "" if variant.image is None else product.images[variant.image].src,
    }


def _image(product: Product, image: Image) -> Row:
    return {"image": image.src, "image_position": str(product.images.index(image) + 1), "image_alt": image.alt}

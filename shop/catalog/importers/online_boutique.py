"""Reads Online Boutique's products.json: prices as units and nanos, one variant each, no stock limit.

Its shape is `{"products": [{id, name, description, picture, priceUsd: {currencyCode, units, nanos}, categories}]}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from io import BufferedReader

import msgspec

from shop.catalog.importers import fields
from shop.catalog.importers.draft import Draft, Problems
from shop.catalog.importers.html import safe_text
from shop.catalog.model import Image, Product, Variant
from shop.errors import ImportRefused


class _Price(msgspec.Struct, rename="camel"):
    units: int = 0
    nanos: int = 0
    currency_code: str = ""


class _Entry(msgspec.Struct, rename="camel"):
    id: str
    name: str
    price_usd: _Price
    description: str = ""
    picture: str = ""
    categories: tuple[str, ...] = ()


class _File(msgspec.Struct):
    products: list[msgspec.Raw]


def read(source: BufferedReader, currency: str, problems: Problems) -> Iterator[Draft]:
    """See `importers.read`. Reads the whole file into memory."""
    data = source.read().removeprefix(b"\xef\xbb\xbf")
    try:
        listed = msgspec.json.decode(data, type=_File | list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ImportRefused(f"The file is JSON, but not a list of products: {error}.") from error
    at, line = 0, 1
    for raw in listed.products if isinstance(listed, _File) else listed:
        start = data.index(bytes(raw), at)
        line += data.count(b"\n", at, start)
        at = start
        try:
            entry = msgspec.json.decode(raw, type=_Entry, strict=False)
            yield Draft(_product(entry, currency, line, problems), line, (line,))
        except (ValueError, msgspec.ValidationError) as error:
            problems.error(line, str(error))


def _product(entry: _Entry, currency: str, line: int, problems: Problems) -> Product:
    price = entry.price_usd
    code = fields.currency(price.currency_code or currency)
    amount = price.units + Decimal(price.nanos).scaleb(-9)
    title = fields.line_of_text(entry.name, "name")
    if not title:
        raise ValueError("name is missing")
    handle = fields.handle(entry.id)
    return Product(
        handle=handle,
        title=title,
        description=safe_text(entry.description),
        variants=(Variant(fields.sku(handle), (), fields.money(amount, code, "price")),),
        categories=tuple(
            dict.fromkeys(fields.line_of_text(c[:1].upper() + c[1:], "category") for c in entry.categories)
        ),
        images=_images(entry, title, line, problems),
    )


def _images(entry: _Entry, title: str, line: int, problems: Problems) -> tuple[Image, ...]:
    if not entry.picture:
        return ()
    try:
        return (Image(fields.image_source(entry.picture), title),)
    except ValueError as error:
        problems.warn(line, f"{error}; skipped")
        return ()

"""Builds a product from its rows in Shopify's CSV."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from shop.catalog.importers import fields
from shop.catalog.importers.draft import Draft, Problems, generated_sku
from shop.catalog.importers.html import safe_html
from shop.catalog.importers.shopify_columns import NO_OPTION, OPTIONS
from shop.catalog.model import TAX_CLASSES, Image, Product, TaxClass, Variant
from shop.money import Money

MAX_VARIANTS = 2048
MAX_IMAGES = 250
_NO = {"false", "no", "0"}
_YES = {"true", "yes", "1", "continue"}


class Row(msgspec.Struct, frozen=True):
    """The cells of a row by our column names, and the line on which it begins."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def is_variant(self) -> bool:
        """Whether the row describes a variant, not just another image."""
        return any(self[column] for column in ("sku", "price", *(value for _, value in OPTIONS)))


def product(handle: str, rows: list[Row], currency: str, problems: Problems) -> Draft | None:
    """The product of these rows, which share a handle; None if one of them has an error."""
    errors = len(problems.errors)
    first = rows[0]
    images = _images(rows, problems)
    try:
        currency = fields.currency(first["currency"]) if first["currency"] else currency
        options = _options(first)
        whole = _described(handle, first, tuple(options))
    except ValueError as error:
        problems.error(first.line, str(error))
        return None
    variants: dict[int, Variant] = {}
    exported: dict[int, int | None] = {}
    seen: dict[tuple[str, ...], int] = {}
    gift_card = first["gift_card"].lower() in _YES
    for row in [first, *(row for row in rows[1:] if row.is_variant)]:
        try:
            values = tuple(_option_values(row, options))
            _check_new(values, row.line, seen)
            variants[row.line] = _variant(row, values, currency, images, problems, gift_card=gift_card)
            exported[row.line] = _exported(row)
        except ValueError as error:
            problems.error(row.line, str(error))
    if len(variants) > MAX_VARIANTS or len(images) > MAX_IMAGES:
        problems.error(first.line, f"more than {MAX_VARIANTS} variants or {MAX_IMAGES} images")
    if len(problems.errors) > errors:
        return None
    complete = msgspec.structs.replace(
        whole, variants=tuple(_with_skus(handle, list(variants.values()))), images=tuple(images.values())
    )
    return Draft(complete, first.line, tuple(variants), "quantity" in first.cells, tuple(exported.values()))


def _described(handle: str, row: Row, options: tuple[str, ...]) -> Product:
    """The product in its first row, without variants and images."""
    title = fields.line_of_text(row["title"], "title")
    if not title:
        raise ValueError(f"title of {handle!r} is missing in the product's first row")
    tags = (fields.line_of_text(tag, "tag") for tag in row["tags"].split(","))
    return Product(
        handle=handle,
        title=title,
        description=safe_html(row["description"]),
        variants=(),
        vendor=fields.line_of_text(row["vendor"], "vendor"),
        categories=_categories(row),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        options=options,
        published=row["status"].lower() in {"", "active"} and row["published"].lower() not in _NO,
        created_at=fields.moment(row["created_at"]) if row["created_at"] else 0,
    )


def _categories(row: Row) -> tuple[str, ...]:
    names = [row["type"] or row["taxonomy"].rpartition(">")[2]]
    if row["categories"]:
        try:
            names = msgspec.json.decode(row["categories"], type=list[str])
        except msgspec.MsgspecError:
            raise ValueError("categories are not a JSON list of names") from None
    cleaned = (fields.line_of_text(name, "category") for name in names)
    return tuple(dict.fromkeys(name for name in cleaned if name))


def _options(first: Row) -> dict[str, str]:
    """The column of each option's values, by option name."""
    given = [(fields.line_of_text(first[name], "option name"), value) for name, value in OPTIONS]
    if (given[0][0], first[given[0][1]]) == NO_OPTION and not given[1][0]:
        return {}
    if any(first[column] and not name for name, column in given):
        raise ValueError("an option has a value but no name")
    names = {name: column for name, column in given if name}
    if len(names) < sum(bool(name) for name, _ in given):
        raise ValueError("two options have the same name")
    return names


def _variant(
    row: Row,
    options: tuple[str, ...],
    currency: str,
    images: dict[str, Image],
    problems: Problems,
    *,
    gift_card: bool,
) -> Variant:
    if not row["price"]:
        raise ValueError("price is missing")
    price = fields.money(fields.number(row["price"], "price"), currency, "price")
    return Variant(
        sku=fields.sku(row["sku"]),
        options=options,
        price=price,
        compare_at=_compare_at(row["compare_at"], price),
        stock=_stock(row),
        weight=_weight(row),
        image=_image(row, images, problems),
        tax_class=_tax_class(row, gift_card=gift_card),
    )


def _option_values(row: Row, options: dict[str, str]) -> Iterator[str]:
    for name, column in options.items():
        value = fields.line_of_text(row[column], f"option {name!r}")
        if not value:
            raise ValueError(f"option {name!r} has no value")
        yield value


def _check_new(options: tuple[str, ...], line: int, seen: dict[tuple[str, ...], int]) -> None:
    if (other := seen.setdefault(options, line)) != line:
        raise ValueError(f"the variant {' / '.join(options) or 'without options'!r} is already on line {other}")


def _compare_at(text: str, price: Money) -> Money | None:
    """The price before a reduction; None if it is not higher than the price, as in many real files."""
    if not text:
        return None
    before = fields.money(fields.number(text, "compare-at price"), price.currency, "compare-at price")
    return before if before.amount > price.amount else None


def _stock(row: Row) -> int | None:
    """The quantity on hand; None if stock is not tracked, missing, or may be oversold."""
    untracked = "tracker" in row.cells and not row["tracker"]
    if untracked or not row["quantity"] or row["policy"].lower() in _YES:
        return None
    return max(0, fields.whole(row["quantity"], "inventory quantity", fields.MAX_STOCK))


def _exported(row: Row) -> int | None:
    """What was on hand when our export wrote this row; None in a file from elsewhere."""
    return fields.whole(row["exported"], "on hand at export", fields.MAX_STOCK) if row["exported"] else None


def _weight(row: Row) -> int:
    if row["grams"]:
        return fields.grams(row["grams"], "g")
    return fields.grams(row["weight"], row["weight_unit"]) if row["weight"] else 0


def _tax_class(row: Row, *, gift_card: bool) -> TaxClass:
    """Our own column; without it, Shopify's columns say what is not taxed."""
    if given := row["tax_class"].lower().replace(" ", "-"):
        for known in TAX_CLASSES:
            if given == known:
                return known
        raise ValueError(f"tax class {row['tax_class']!r} is none of {', '.join(TAX_CLASSES)}")
    if gift_card:
        return "gift-card"
    return "exempt" if row["taxable"].lower() in _NO else "standard"


def _images(rows: list[Row], problems: Problems) -> dict[str, Image]:
    """The product's images by source, in the order of their positions."""
    found: list[tuple[int, Image]] = []
    for number, row in enumerate((row for row in rows if row["image"]), start=1):
        try:
            image = Image(
                fields.image_source(row["image"]), fields.line_of_text(row["image_alt"], "image alt text", 512)
            )
            position = (
                fields.whole(row["image_position"], "image position", MAX_IMAGES) if row["image_position"] else number
            )
            found.append((position, image))
        except ValueError as error:
            problems.warn(row.line, f"{error}; image skipped")
    images: dict[str, Image] = {}
    for _, image in sorted(found, key=lambda place: place[0]):
        images.setdefault(image.src, image)
    return images


def _image(row: Row, images: dict[str, Image], problems: Problems) -> int | None:
    """The index of the variant's image, which is added to the product's images if missing."""
    if not row["variant_image"]:
        return None
    try:
        source = fields.image_source(row["variant_image"])
    except ValueError as error:
        problems.warn(row.line, f"{error}; variant image skipped")
        return None
    images.setdefault(source, Image(source))
    return list(images).index(source)


def _with_skus(handle: str, variants: list[Variant]) -> Iterator[Variant]:
    taken = {variant.sku for variant in variants if variant.sku}
    for variant in variants:
        sku = variant.sku or generated_sku(handle, variant.options, taken)
        taken.add(sku)
        yield msgspec.structs.replace(variant, sku=sku)

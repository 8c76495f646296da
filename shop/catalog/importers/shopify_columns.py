"""The columns of Shopify's product CSV: current names, those of older exports, and five of our own.

Our own have the names of metafields, so that Shopify's import accepts or ignores them.
"""

from __future__ import annotations

from shop.typed import one_form

COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("Title",),
    "handle": ("URL handle", "Handle"),
    "description": ("Description", "Body (HTML)", "Body HTML"),
    "vendor": ("Vendor",),
    "taxonomy": ("Product category", "Standard product type", "Standardized product type"),
    "type": ("Type", "Custom product type", "Product type"),
    "tags": ("Tags",),
    "published": ("Published on online store", "Published"),
    "status": ("Status",),
    "sku": ("SKU", "Variant SKU"),
    **{f"option{n}_name": (f"Option{n} name",) for n in (1, 2, 3)},
    **{f"option{n}_value": (f"Option{n} value",) for n in (1, 2, 3)},
    "price": ("Price", "Variant price"),
    "compare_at": ("Compare-at price", "Variant compare at price", "Variant compare-at price"),
    "tracker": ("Inventory tracker", "Variant inventory tracker"),
    "quantity": ("Inventory quantity", "Variant inventory qty", "Variant inventory quantity"),
    "exported": ("On hand at export (variant.metafields.shop.on_hand)",),
    "policy": ("Continue selling when out of stock", "Variant inventory policy"),
    "grams": ("Weight value (grams)", "Variant grams"),
    "weight": ("Variant weight", "Weight value", "Weight"),
    "weight_unit": ("Weight unit for display", "Variant weight unit", "Weight unit"),
    "tax_class": ("Tax class (variant.metafields.shop.tax_class)",),
    "taxable": ("Charge tax", "Variant taxable"),
    "gift_card": ("Gift card",),
    "image": ("Product image URL", "Image src"),
    "image_position": ("Image position",),
    "image_alt": ("Image alt text",),
    "variant_image": ("Variant image URL", "Variant image"),
    "categories": ("Categories (product.metafields.shop.categories)",),
    "currency": ("Currency (product.metafields.shop.currency)",),
    "created_at": ("Created at (product.metafields.shop.created_at)", "Created at"),
}
"""Our name of each column, and its names in files; exports use the first."""

REQUIRED = ("handle", "title", "price")
OPTIONS = tuple((f"option{n}_name", f"option{n}_value") for n in (1, 2, 3))
NO_OPTION = ("Title", "Default Title")
"""The option name and value that mean 'no options' in Shopify's files."""

EXPORTED = tuple(name for name in COLUMNS if name not in ("taxonomy", "weight"))
_NAMES = {alias.casefold(): name for name, aliases in COLUMNS.items() for alias in aliases}


def columns_of(header: list[str]) -> dict[str, int]:
    """The index of each known column in a header, ignoring case, spaces and invisible characters of names."""
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        if name := _NAMES.get(one_form(cell).casefold()):
            places.setdefault(name, place)
    return places

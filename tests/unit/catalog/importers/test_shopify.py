"""Shopify's CSV as shops really export it."""

from __future__ import annotations

import pytest

from shop.catalog.importers import read
from shop.catalog.importers.draft import Problems
from shop.catalog.model import Image, Product
from shop.errors import ImportRefused
from shop.money import Money
from tests.fixtures.catalog import eur, file_of

OLD = """\
Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,\
Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
Variant Price,Variant Compare At Price,Image Src,Image Position,Image Alt Text,Gift Card,Variant Image,\
Variant Weight Unit,Cost per item,Status
shirt,Shirt,"<p>Soft,
really ""soft"".</p><script>alert(1)</script>",Acme,Apparel > Clothing > Shirts,,"a, b , a",TRUE,Size,S,Colour,Red,\
'0012,250.0,shopify,3,deny,19.99,25.00,http://cdn.example/1.jpg?v=1,1,Front,FALSE,,kg,,active
shirt,,,,,,,,,M,,Red,SH-M,250,shopify,-2,deny,19.99,19.99,//cdn.example/2.jpg,2,,,https://cdn.example/9.jpg,kg,,
shirt,,,,,,,,,L,,Red,,250,shopify,5,continue,21,,,,,,,kg,,
shirt,,,,,,,,,,,,,,,,,,,https://cdn.example/3.jpg,3,Back,,,,,
"""
NEW = """\
\ufeffTitle,URL handle,Description,Vendor,Type,Tags,Published on online store,Status,SKU,Option1 name,Option1 value,\
Price,Compare-at price,Inventory tracker,Inventory quantity,Continue selling when out of stock,Weight value (grams),\
Weight unit for display,Product image URL,Image position,Image alt text,Variant image URL,Unknown column
Mug,mug,Plain & simple,Neap,Mugs,gift,TRUE,Active,MUG,Title,Default Title,24.00,,,,DENY,340,g,img/b.svg,2,B,,x
,mug,,,,,,,,,,,,,,,,,/static/img/a.svg,1,A,,
"""


def read_all(text: str, currency: str = "EUR") -> tuple[list[Product], Problems]:
    problems = Problems()
    return [draft.product for draft in read(file_of(text), currency, problems)], problems


def errors(rows: str, head: str = "Handle,Title,Variant Price,Variant SKU,Option1 Name,Option1 Value") -> list[str]:
    products, problems = read_all(f"{head}\n{rows}\n")
    assert not [product for product in products if product.handle == "bad"]
    return list(problems.rows())


def test_an_older_export_with_variants_and_images() -> None:
    (shirt,), problems = read_all(OLD)
    assert not problems.errors
    assert shirt.title == "Shirt"
    assert shirt.description == '<p>Soft,\nreally "soft".</p>'
    assert (shirt.vendor, shirt.categories, shirt.tags) == ("Acme", ("Shirts",), ("a", "b"))
    assert shirt.options == ("Size", "Colour")
    small, medium, large = shirt.variants
    assert (small.sku, small.options, small.price, small.compare_at) == ("0012", ("S", "Red"), eur(1999), eur(2500))
    assert (small.stock, small.weight, small.image) == (3, 250, None)
    assert (medium.stock, medium.compare_at, medium.image) == (0, None, 3)
    assert (large.sku, large.stock, large.price) == ("shirt-l-red", None, eur(2100))
    assert shirt.images == (
        Image("https://cdn.example/1.jpg?v=1", "Front"),
        Image("https://cdn.example/2.jpg"),
        Image("https://cdn.example/3.jpg", "Back"),
        Image("https://cdn.example/9.jpg"),
    )


def test_a_current_export_with_a_byte_order_mark_and_one_variant() -> None:
    (mug,), problems = read_all(NEW)
    assert not problems.errors
    assert not problems.warnings
    assert (mug.handle, mug.options, mug.categories) == ("mug", (), ("Mugs",))
    assert mug.description == "<p>Plain &amp; simple</p>"
    assert mug.images == (Image("img/a.svg", "A"), Image("img/b.svg", "B")), "in the order of their positions"
    assert (mug.variants[0].sku, mug.variants[0].stock, mug.variants[0].weight) == ("MUG", None, 340)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(delimiter: str) -> None:
    products, _ = read_all("Handle,Title,Variant Price\na,A,1.50\n".replace(",", delimiter))
    assert [product.variants[0].price for product in products] == [eur(150)]


@pytest.mark.parametrize(
    ("status", "published", "sold"),
    [
        ("active", "TRUE", True),
        ("", "", True),
        ("Draft", "TRUE", False),
        ("active", "false", False),
        ("archived", "", False),
    ],
)
def test_only_what_is_active_and_published_is_sold(status: str, published: str, sold: bool) -> None:
    (product,), _ = read_all(f"Handle,Title,Variant Price,Status,Published\na,A,1,{status},{published}\n")
    assert product.published is sold


@pytest.mark.parametrize(
    ("cells", "stock"),
    [
        ("shopify,5,deny", 5),
        ("shopify,5,continue", None),
        (",5,deny", None),
        ("shopify,,deny", None),
        ("shopify,-5,deny", 0),
    ],
)
def test_stock_is_limited_where_it_is_tracked(cells: str, stock: int | None) -> None:
    head = "Handle,Title,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy"
    (product,), _ = read_all(f"{head}\na,A,1,{cells}\n")
    assert product.variants[0].stock == stock


@pytest.mark.parametrize(("cells", "grams"), [("1.5,kg", 1500), ("2,lb", 907), ("1,oz", 28), ("7,g", 7), (",", 0)])
def test_weights_in_their_units(cells: str, grams: int) -> None:
    (product,), _ = read_all(f"Handle,Title,Price,Variant Weight,Variant Weight Unit\na,A,1,{cells}\n")
    assert product.variants[0].weight == grams


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ("bad,B,x,1", "line 2: price 'x' is not a number"),
        ("bad,B,,1", "line 2: price is missing"),
        ("bad,B,-1,1", "line 2: price -1 is negative"),
        ("bad,B,NaN,1", "line 2: price 'NaN' is not a number"),
        ("bad,B,1e3,1", "line 2: price '1e3' is not a number"),
        ("bad,B,99999999999,1", "line 2: price 99999999999 is too large"),
        ("bad,B,1.999,1", "line 2: price 1.999 has more decimals than EUR, which has 2"),
        ("bad,,1,1", "line 2: title of 'bad' is missing in the product's first row"),
        ("bad,B,1," + "x" * 65, "line 2: SKU is longer than 64 characters"),
        (",B,1,1", "line 2: handle '' is missing or cannot be part of a URL"),
        ("a/b,B,1,1", "line 2: handle 'a/b' is missing or cannot be part of a URL"),
        ("bad,B,1,1,,Red", "line 2: an option has a value but no name"),
        ("bad,B,1,1,Colour,", "line 2: option 'Colour' has no value"),
        ("bad,B,1,1,Colour,Red\nbad,,1,2,,Red", "line 3: the variant 'Red' is already on line 2"),
        ('good,G,1,1\n"bad,B,1,2', "line 3: the row cannot be read: unexpected end of data"),
    ],
)
def test_a_bad_row_says_its_line_and_why(rows: str, error: str) -> None:
    assert errors(rows) == [error]


def test_every_bad_row_of_a_product_is_named() -> None:
    assert errors("bad,B,x,1,Size,S\nbad,,y,2,,M\nbad,,3,3,,L") == [
        "line 2: price 'x' is not a number",
        "line 3: price 'y' is not a number",
    ]


def test_a_line_is_where_the_row_begins() -> None:
    assert errors('good,"G\n\nH",1,1\nbad,B,x,2') == ["line 5: price 'x' is not a number"]


def test_an_image_that_cannot_be_shown_is_left_out_with_a_warning() -> None:
    rows = "".join(f"a,A,1,{n},{source}\n" for n, source in enumerate(("javascript:alert(1)",)))
    rows += "".join(
        f"a,,,,{source}\n" for source in ("../../etc/passwd", "data:image/png;base64,AA", "file:///x", "ok.svg")
    )
    (product,), problems = read_all(f"Handle,Title,Variant Price,Variant SKU,Image Src\n{rows}")
    assert product.images == (Image("ok.svg"),)
    assert [warning.partition(":")[0] for warning in problems.warnings] == ["line 2", "line 3", "line 4", "line 5"]


def test_the_columns_of_the_shop_itself() -> None:
    head = (
        "Handle,Title,Price,Categories (product.metafields.shop.categories),Currency (product.metafields.shop.currency)"
    )
    (product,), _ = read_all(f'{head}\na,A,120,"[""Mugs"",""Gifts""]",jpy\n')
    assert product.categories == ("Mugs", "Gifts")
    assert product.variants[0].price == Money(120, "JPY")
    assert errors("bad,B,1,x,", head) == ["line 2: categories are not a JSON list of names"]


@pytest.mark.parametrize(
    ("columns", "cells", "tax_class"),
    [
        ("Tax class (variant.metafields.shop.tax_class),Gift card", "Reduced,TRUE", "reduced"),
        ("Tax class (variant.metafields.shop.tax_class),Charge tax", ",FALSE", "exempt"),
        ("Tax class (variant.metafields.shop.tax_class),Charge tax", "Gift card,TRUE", "gift-card"),
        ("Gift Card,Variant Taxable", "TRUE,FALSE", "gift-card"),
        ("Gift Card,Variant Taxable", "FALSE,FALSE", "exempt"),
        ("Gift Card,Variant Taxable", "FALSE,TRUE", "standard"),
        ("Gift Card,Variant Taxable", ",", "standard"),
    ],
)
def test_how_goods_are_taxed(columns: str, cells: str, tax_class: str) -> None:
    (product,), _ = read_all(f"Handle,Title,Price,{columns}\na,A,120,{cells}\n")
    assert product.variants[0].tax_class == tax_class


def test_an_unknown_tax_class_is_refused() -> None:
    head = "Handle,Title,Price,Tax class (variant.metafields.shop.tax_class)"
    assert errors("bad,B,1,reducd", head) == [
        "line 2: tax class 'reducd' is none of standard, reduced, zero, exempt, gift-card"
    ]


def test_generated_skus_are_stable_unique_and_short() -> None:
    long = "x" * 80
    head = "Handle,Title,Price,Option1 Name,Option1 Value\n"
    products, _ = read_all(f"{head}a,A,1,Size,A B\na,,1,,a-b\n{long},L,1,,\n")
    first, second = (variant.sku for variant in products[0].variants)
    assert first == "a-a-b"
    assert second.startswith("a-a-b-")
    assert len(products[1].variants[0].sku) <= 64
    assert [p.variants for p in read_all(f"{head}a,A,1,Size,A B\na,,1,,a-b\n{long},L,1,,\n")[0]] == [
        product.variants for product in products
    ]


def test_a_file_in_another_encoding_is_refused_with_advice() -> None:
    source = file_of("Handle,Title,Price\na,Café,1\n", encoding="cp1252")
    with pytest.raises(ImportRefused, match="CSV UTF-8"):
        list(read(source, "EUR", Problems()))

"""Online Boutique's products.json."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shop.catalog.importers import read
from shop.catalog.importers.draft import Problems
from shop.catalog.model import Image, Product, Variant
from shop.money import Money
from tests.fixtures.catalog import file_of

SUNGLASSES = {
    "id": "OLJCESPC7Z",
    "name": "Sunglasses",
    "description": "Add a modern touch & more <3.",
    "picture": "/static/img/products/sunglasses.jpg",
    "priceUsd": {"currencyCode": "USD", "units": 19, "nanos": 990000000},
    "categories": ["accessories", "accessories"],
}


def read_all(*entries: Any, indent: int | None = 2) -> tuple[list[Product], Problems]:
    problems = Problems()
    text = json.dumps({"products": entries}, indent=indent)
    return [draft.product for draft in read(file_of(text), "EUR", problems)], problems


def test_a_product_has_one_variant_without_a_stock_limit() -> None:
    (product,), problems = read_all(SUNGLASSES)
    assert not problems.errors
    assert product == Product(
        handle="OLJCESPC7Z",
        title="Sunglasses",
        description="<p>Add a modern touch &amp; more &lt;3.</p>",
        variants=(Variant("OLJCESPC7Z", (), Money(1999, "USD")),),
        categories=("Accessories",),
        images=(Image("img/products/sunglasses.jpg", "Sunglasses"),),
    )


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        ({"units": 5}, Money(500, "EUR")),
        ({"units": "18", "nanos": 490000000, "currencyCode": "USD"}, Money(1849, "USD")),
        ({"nanos": 10000000}, Money(1, "EUR")),
        ({"units": 2000, "currencyCode": "JPY"}, Money(2000, "JPY")),
    ],
)
def test_prices_are_units_and_nanos(price: dict[str, Any], amount: Money) -> None:
    (product,), _ = read_all(SUNGLASSES | {"priceUsd": price})
    assert product.variants[0].price == amount


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"priceUsd": {"units": -1}}, "price -1 is negative"),
        ({"priceUsd": {"units": 1, "nanos": 1}}, "more decimals"),
        ({"priceUsd": {"units": 1, "currencyCode": "XXZ"}}, "not an ISO 4217 code"),
        ({"name": " "}, "name is missing"),
        ({"id": "a b"}, "cannot be part of a URL"),
        ({"id": 3}, "Expected `str`"),
    ],
)
def test_a_bad_product_says_its_line_and_why(change: dict[str, Any], reason: str) -> None:
    products, problems = read_all(SUNGLASSES, SUNGLASSES | {"id": "X"} | change)
    assert len(products) == 1
    (row,) = problems.rows()
    assert row.startswith("line 18: "), "the line on which the product begins"
    assert reason in row


def test_a_bare_list_is_read_too() -> None:
    products = list(read(file_of(json.dumps([SUNGLASSES])), "EUR", Problems()))
    assert [draft.product.handle for draft in products] == ["OLJCESPC7Z"]


def test_a_picture_that_cannot_be_shown_is_left_out_with_a_warning() -> None:
    (product,), problems = read_all(SUNGLASSES | {"picture": "javascript:alert(1)"})
    assert product.images == ()
    assert len(problems.warnings) == 1

"""The demo catalogue keeps its promises, read as any CSV file is read."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from shop.catalog.demo import CATALOG, RATES
from shop.money import Money, Rates
from shop.resources import resource_dir

Row = dict[str, str]

STATIC = resource_dir("static")
DRAWINGS = sorted((STATIC / "img").rglob("*.svg"))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with CATALOG.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture(scope="module")
def products(rows: list[Row]) -> list[Row]:
    """The first row of each product, which describes it."""
    return [row for row in rows if row["Title"]]


@pytest.fixture(scope="module")
def variants(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["SKU"]]


def test_thirty_six_products_in_six_categories_of_six(products: list[Row]) -> None:
    assert len(products) == 36
    assert sorted(Counter(row["Type"] for row in products).values()) == [6] * 6


def test_neighbours_in_the_featured_order_come_from_different_categories(products: list[Row]) -> None:
    kinds = [row["Type"] for row in products]
    assert all(before != after for before, after in pairwise(kinds))
    assert len(set(kinds[:6])) == 6


def test_handles_and_skus_are_unique_and_an_sku_begins_with_its_handle(
    products: list[Row], variants: list[Row]
) -> None:
    handles = [row["URL handle"] for row in products]
    skus = [row["SKU"] for row in variants]
    assert len(set(handles)) == len(handles)
    assert len(set(skus)) == len(skus)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", handle) for handle in handles)
    assert all(row["SKU"].startswith(row["URL handle"].upper()) for row in variants)
    assert all(re.sub(r"\W+", "-", row["Title"].lower()) == row["URL handle"] for row in products)


def test_rows_of_a_product_are_adjacent(rows: list[Row]) -> None:
    handles = [row["URL handle"] for row in rows]
    assert len([1 for before, after in pairwise(["", *handles]) if before != after]) == 36


def test_about_a_dozen_products_come_in_colours_or_sizes(products: list[Row], variants: list[Row]) -> None:
    several = [handle for handle, count in Counter(row["URL handle"] for row in variants).items() if count > 1]
    assert 10 <= len(several) <= 15
    named = {row["URL handle"] for row in products if row["Option1 name"] not in {"", "Title"}}
    assert named == set(several)
    chosen = [(row["URL handle"], row["Option1 value"], row["Option2 value"]) for row in variants]
    assert len(set(chosen)) == len(chosen)


def test_prices_are_positive_and_a_reduced_one_was_higher(variants: list[Row]) -> None:
    assert all(Decimal(row["Price"]) > 0 for row in variants)
    reduced = [row for row in variants if row["Compare-at price"]]
    assert all(Decimal(row["Compare-at price"]) > Decimal(row["Price"]) for row in reduced)
    assert len({row["URL handle"] for row in reduced}) in {5, 6}


def test_some_things_are_low_some_sold_out_and_most_are_there(variants: list[Row]) -> None:
    stock: dict[str, list[int]] = {}
    for row in variants:
        stock.setdefault(row["URL handle"], []).append(int(row["Inventory quantity"]))
    assert len([1 for counts in stock.values() if 0 < sum(counts) <= 5]) == 4, "products low in stock"
    assert [handle for handle, counts in stock.items() if not sum(counts)] == ["heron-floor-lamp"]
    assert any(0 in counts and sum(counts) for counts in stock.values()), "a sold-out variant of a product on sale"
    assert {row["Continue selling when out of stock"] for row in variants} == {"DENY"}


def test_weights_are_those_of_things_one_can_carry(variants: list[Row]) -> None:
    assert all(50 <= int(row["Weight value (grams)"]) <= 5000 for row in variants)


def test_every_picture_exists_and_says_what_it_shows(rows: list[Row]) -> None:
    shown = [row for row in rows if row["Product image URL"]]
    assert all((STATIC / row["Product image URL"]).is_file() for row in shown)
    assert all(len(row["Image alt text"]) > 15 for row in shown)
    assert not any(row["Image alt text"].lower().startswith(("picture", "image", "photo")) for row in shown)
    of_product = {(row["URL handle"], row["Product image URL"]) for row in shown}
    assert all((row["URL handle"], row["Variant image URL"]) in of_product for row in rows if row["Variant image URL"])
    assert {row["URL handle"] for row in rows} == {handle for handle, _ in of_product}


def test_no_picture_is_left_over(rows: list[Row]) -> None:
    taken = {path.relative_to(STATIC).as_posix() for path in (STATIC / "img" / "products").glob("*.jpg")}
    assert taken == {row["Product image URL"] for row in rows} - {""}


def test_every_product_is_seen_twice_and_every_variant_by_itself(rows: list[Row]) -> None:
    assert min(Counter(row["URL handle"] for row in rows if row["Product image URL"]).values()) >= 2
    shown = [row["Variant image URL"] for row in rows if row["Variant image URL"]]
    several = [row for row in rows if row["Option1 value"] not in {"", "Default Title"}]
    assert len(set(shown)) == len(shown) == len(several)


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_is_small_and_asks_for_nothing(path: Path) -> None:
    text = path.read_text()
    assert len(text.encode()) < 3072
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
    assert not names & {"script", "style", "text", "image", "foreignObject"}
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', text))
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]


def test_descriptions_say_material_size_care_and_limits(products: list[Row]) -> None:
    for row in products:
        description = row["Description"]
        assert re.fullmatch(r"<p>[^<]+</p><ul>(<li>[^<]+</li>){4}</ul>", description), row["Title"]
        facts = re.findall(r"<li>([^<]+)</li>", description)
        assert re.search(r"\d ?cm\b", facts[1]), f"{row['Title']}: no size"
        assert re.search(r"\d ?k?g\b", facts[1]), f"{row['Title']}: no weight"
        assert re.search(r"\bnot\b", facts[3], re.IGNORECASE), f"{row['Title']}: no limits"


def test_words_are_ours(rows: list[Row]) -> None:
    text = " ".join(" ".join(row.values()) for row in rows).lower()
    for word in (
        "lorem",
        "ipsum",
        "todo",
        "tbd",
        "curated",
        "elevate",
        "artisan",
        "timeless",
        "must-have",
        "luxur",
        "!",
    ):
        assert word not in text, word


def test_the_example_rates_convert_to_every_currency() -> None:
    rates = msgspec.json.decode(RATES.read_bytes(), type=Rates)
    assert set(rates.per_base) == {"EUR", "USD", "JPY", "CAD", "GBP", "TRY"}
    assert rates.per_base[rates.base] == 1
    assert rates.convert(Money(2400, "EUR"), "JPY") == Money(3900, "JPY")

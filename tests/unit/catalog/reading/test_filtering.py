"""Filters, counts and order over products in memory."""

from __future__ import annotations

from typing import Any

import pytest

from shop.catalog.model import Listing, Page, Query, Sort
from shop.catalog.reading.counts import MAX_EXPANDED, MAX_VALUES
from shop.catalog.reading.filtering import MAX_PAGES, PAGE_SIZE, Candidate, clamp_page, filtered_page
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.traits import Traits
from tests.fixtures.catalog import a_product, eur, variant


def candidate(rank: int, handle: str, *variants: Any, **given: Any) -> Candidate:
    product = a_product(handle, *variants, **given)
    price = min(v.price.amount for v in product.variants)

    def shown() -> Listing:
        return Listing(handle, product.title, "", "", None, eur(0), eur(0), None, None, None)

    return Candidate(rank, rank, product.created_at, price, product.title, Traits.of(product), shown)


SIZES = ("Colour", "Size")
MUG = candidate(
    0,
    "mug",
    variant("1", "Moss", "S", price=1000, stock=0),
    variant("2", "Moss", "L", price=2000, stock=1),
    variant("3", "Clay", "S", price=1500),
    options=SIZES,
    categories=("Mugs",),
    created_at=1,
)
BOWL = candidate(
    1,
    "bowl",
    variant("4", "Moss", "S", price=1000, stock=0),
    options=SIZES,
    categories=("Bowls", "Gifts"),
    created_at=3,
)
CARD = candidate(2, "card", variant("5", price=300), categories=("Gifts",), created_at=2)


def page(**query: Any) -> Page:
    return filtered_page([MUG, BOWL, CARD], Query(**query), PriceScale("EUR"))


def found(**query: Any) -> list[str]:
    return [listing.handle for listing in page(**query).listings]


def choices(name: str, **query: Any) -> dict[str, int]:
    return {value.value: value.count for facet in page(**query).facets if facet.name == name for value in facet.values}


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("featured", ["mug", "bowl", "card"]),
        ("price-asc", ["card", "mug", "bowl"]),
        ("price-desc", ["bowl", "mug", "card"]),
        ("newest", ["bowl", "card", "mug"]),
        ("name", ["bowl", "card", "mug"]),
    ],
)
def test_each_sort(sort: Sort, order: list[str]) -> None:
    assert found(sort=sort) == order


def test_values_of_one_option_are_alternatives_and_options_must_meet_in_one_variant() -> None:
    assert found(options=(("Colour", "Moss"), ("Colour", "Clay"))) == ["mug", "bowl"]
    assert found(options=(("Colour", "Clay"), ("Size", "S"))) == ["mug"]
    assert found(options=(("Colour", "Clay"), ("Size", "L"))) == []
    assert found(options=(("Colour", "Moss"), ("Size", "S")), in_stock=True) == []
    assert found(options=(("Colour", "Moss"), ("Size", "L")), in_stock=True) == ["mug"]
    assert found(options=(("Scent", "Fig"),)) == []


def test_price_bounds_are_inclusive_and_of_the_lowest_price() -> None:
    assert found(min_price=10, max_price=10) == ["mug", "bowl"]
    assert found(min_price=11) == []
    assert found(max_price=9) == ["card"]


def test_a_facet_ignores_its_own_choice_and_applies_the_others() -> None:
    assert choices("category") == {"mugs": 1, "bowls": 1, "gifts": 2}
    assert choices("category", category="mugs") == {"mugs": 1, "bowls": 1, "gifts": 2}
    assert choices("category", in_stock=True) == {"mugs": 1, "gifts": 1}
    assert choices("Colour", category="bowls") == {"Moss": 1}
    assert choices("Colour", options=(("Colour", "Clay"),)) == {"Moss": 2, "Clay": 1}
    assert choices("Size", options=(("Colour", "Clay"),)) == {"S": 1}
    assert choices("price") == {"0-10": 3, "10-20": 2}
    assert choices("in_stock") == {"1": 2}


def test_chosen_values_are_always_shown_so_that_they_can_be_removed() -> None:
    selected = {
        (facet.name, value.value, value.count)
        for facet in page(category="none", min_price=7, options=(("Scent", "Fig"),)).facets
        for value in facet.values
        if value.selected
    }
    assert selected == {("category", "none", 0), ("price", "7-", 0), ("Scent", "Fig", 0)}


def test_an_option_named_like_a_built_in_facet_is_none() -> None:
    odd = candidate(0, "odd", variant("1", "x"), options=("price",))
    facets = filtered_page([odd], Query(options=(("price", "x"),)), PriceScale("EUR")).facets
    assert [facet.name for facet in facets] == ["price", "in_stock"]
    assert "x" not in {value.value for facet in facets for value in facet.values}


def test_a_facet_shows_a_bounded_number_of_values() -> None:
    many = [candidate(n, f"p{n}", variant("1", str(n)), options=("Engraving",)) for n in range(MAX_VALUES * 3)]
    twice = [candidate(n, f"q{n}", variant("1", str(n)), options=("Engraving",)) for n in range(MAX_VALUES)]
    (facet,) = (f for f in filtered_page([*many, *twice], Query(), PriceScale("EUR")).facets if f.name == "Engraving")
    assert [value.value for value in facet.values] == [str(n) for n in range(MAX_VALUES)]
    assert facet.more == MAX_VALUES * 2


def test_a_facet_shows_all_values_on_demand_but_not_thousands() -> None:
    many = [candidate(n, f"p{n}", variant("1", str(n)), options=("Engraving",)) for n in range(MAX_EXPANDED * 2)]
    query = Query(options=(("Engraving", str(MAX_EXPANDED + 7)),), expanded="Engraving")
    (facet,) = (f for f in filtered_page(many, query, PriceScale("EUR")).facets if f.name == "Engraving")
    assert (len(facet.values), facet.more) == (MAX_EXPANDED + 1, MAX_EXPANDED - 1), "and what is chosen"


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (0, "EUR", ("0-10",)),
        (999, "EUR", ("0-10",)),
        (1000, "EUR", ("0-10", "10-20")),
        (1001, "EUR", ("10-20",)),
        (1500, "JPY", ("1000-2000",)),
        (10**12 - 1, "JPY", ("500000000000-1000000000000",)),
    ],
)
def test_price_bands(amount: int, currency: str, expected: tuple[str, ...]) -> None:
    assert PriceScale(currency).bands(amount) == expected


def test_page_numbers_are_clamped() -> None:
    assert clamp_page(0, 0) == clamp_page(-5, 100) == clamp_page(7, 1) == 1
    assert clamp_page(2, PAGE_SIZE) == 1
    assert clamp_page(2, PAGE_SIZE + 1) == 2
    assert clamp_page(10**9, 10**9) == MAX_PAGES

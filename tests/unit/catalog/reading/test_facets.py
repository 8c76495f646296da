"""The contract of every facet."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from shop.catalog.model import FacetValue, Query
from shop.catalog.reading.counts import Filters
from shop.catalog.reading.facets import BUILT_IN, FACETS, facet_of, option_facet
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.traits import Traits
from shop.web.render.paths import listing_path, listing_query
from tests.fixtures.catalog import a_product, variant

TRAITS = Traits.of(a_product("mug", variant("1", "Moss"), options=("Colour",), categories=("Mugs",)))
CHOICES = dict(Filters(Query(), PriceScale("EUR")).additions(TRAITS, 1500))
"""The counts that a product adds to each facet."""


def chosen(name: str, *, selected: bool = False) -> FacetValue:
    (value, label), *_ = CHOICES[name]
    return FacetValue(value, label, 1, selected)


def test_a_product_adds_to_every_facet() -> None:
    assert set(CHOICES) == {*BUILT_IN, "Colour"}


@pytest.mark.parametrize("name", [*BUILT_IN, "Colour"])
def test_a_choice_is_in_the_address_and_in_the_form_and_can_be_removed(name: str) -> None:
    facet = facet_of(name)
    query = facet.toggled(Query(page=3), chosen(name))
    assert query.page == 1
    assert facet.selected(query) == (chosen(name).value,)
    assert listing_query(urlsplit(listing_path(query)).query.encode()) == query
    assert listing_query(f"{facet.parameter}={chosen(name).value}".encode()) == query
    assert facet.toggled(query, chosen(name, selected=True)) == Query()


@pytest.mark.parametrize("name", [*BUILT_IN, "Colour"])
def test_a_choice_finds_the_product_that_counts_it(name: str) -> None:
    found = Filters(facet_of(name).toggled(Query(), chosen(name)), PriceScale("EUR"))
    assert found.passes(TRAITS, 1500)
    assert not found.passes(Traits((), (), ((False, ()),)), 10**6)


def test_a_choice_has_a_label() -> None:
    assert [facet.title() for facet in FACETS] == ["Category", "Price", "Availability"]
    words = {name: facet_of(name).value_label(chosen(name), "EUR") for name in CHOICES}
    assert words == {"category": "Mugs", "price": "€10 to €20", "in_stock": "In stock", "Colour": "Moss"}


def test_several_options_and_categories_may_be_chosen_and_one_price() -> None:
    colour = option_facet("Colour")
    both = colour.toggled(colour.choose(Query(), ["Moss"]), FacetValue("Clay", "Clay", 1))
    assert both.options == (("Colour", "Clay"), ("Colour", "Moss"))
    category = facet_of("category")
    several = category.toggled(category.choose(Query(), ["mugs"]), FacetValue("bowls", "Bowls", 1))
    assert category.selected(several) == ("mugs", "bowls")
    without = category.toggled(several, FacetValue("mugs", "Mugs", 1, selected=True))
    assert category.selected(without) == ("bowls",)
    price = facet_of("price")
    assert price.selected(price.choose(price.choose(Query(), ["0-10"]), ["10-20"])) == ("10-20",)


def test_stock_is_the_last_facet() -> None:
    """A choice that reappears is appended, see shop.catalog.stock.derived."""
    assert FACETS[-1].name == "in_stock"

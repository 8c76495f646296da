"""The grid's view: its links lead where they say."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from shop.catalog.model import Facet, FacetValue, Page, Query
from shop.i18n import ENGLISH
from shop.money import Rates
from shop.resources import resource_dir
from shop.web.catalog.listing_builder import grid_view, heading
from shop.web.catalog.views import GridView
from shop.web.render.assets import assets_of
from shop.web.render.paths import listing_query
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.views import Shell

SHELL = Shell("", "", "", "/", "EUR", ("EUR",), ())
PICTURES = Pictures(assets_of(resource_dir("static")))
FACETS = (
    Facet("category", "Category", (FacetValue("mugs", "Mugs", 3), FacetValue("bowls", "Bowls", 2, selected=True))),
    Facet("Colour", "Colour", (FacetValue("Moss", "Moss", 4, selected=True), FacetValue("Sand", "Sand", 1))),
    Facet("price", "Price", (FacetValue("10-20", "10-20", 2), FacetValue("50-", "50-", 0), FacetValue("-5", "-5", 0))),
    Facet("in_stock", "Availability", (FacetValue("1", "In stock", 5),)),
)
QUERY = Query(q="red mug", category="bowls", options=(("Colour", "Moss"),), sort="name", page=3)


def view(query: Query = QUERY, facets: tuple[Facet, ...] = FACETS, pages: int = 9) -> GridView:
    prices = Prices(Rates("EUR", "2025-01-02", {"EUR": Decimal(1)}), "EUR", ENGLISH)
    return grid_view(SHELL, Page(query, (), facets, 200, pages), prices, PICTURES, "EUR")


def asked(url: str) -> Query:
    return listing_query(urlsplit(url).query.encode())


def test_a_choice_leads_to_the_first_page_with_it_or_without_it() -> None:
    links = {(facet.name, choice.value): asked(choice.url) for facet in view().facets for choice in facet.choices}
    bare, moss = Query(q="red mug", sort="name"), (("Colour", "Moss"),)

    assert links["category", "mugs"] == replace(bare, category="bowls", categories=("mugs",), options=moss)
    assert links["category", "bowls"] == replace(bare, options=moss)
    assert links["Colour", "Moss"] == replace(bare, category="bowls")
    assert links["Colour", "Sand"].options == (("Colour", "Moss"), ("Colour", "Sand"))
    assert (links["price", "10-20"].min_price, links["price", "10-20"].max_price) == (10, 20)
    assert links["in_stock", "1"].in_stock


def test_the_form_fields_mean_the_same_as_the_links() -> None:
    for facet in view(Query()).facets:
        for choice in facet.choices:
            if not choice.selected:
                assert listing_query(f"{choice.name}={choice.value}".encode()) == asked(choice.url)


def test_what_was_chosen_can_be_taken_away() -> None:
    chosen = {link.label: asked(link.url) for link in view().chosen}
    assert set(chosen) == {"“red mug”", "Bowls", "Moss"}
    assert chosen["“red mug”"].q == ""
    assert chosen["Bowls"].category == ""


def test_a_price_band_is_one_of_the_shown_currency() -> None:
    prices = Prices(Rates("EUR", "2025-01-02", {"EUR": Decimal(1), "JPY": Decimal(160)}), "JPY", ENGLISH)
    shown = grid_view(SHELL, Page(Query(), (), FACETS, 200, 9), prices, PICTURES, "EUR")
    links = {(facet.name, choice.value): asked(choice.url) for facet in shown.facets for choice in facet.choices}
    assert links["price", "10-20"] == Query(min_price=10, max_price=20, price_in="JPY")
    assert links["in_stock", "1"] == Query(in_stock=True)


def test_only_an_option_of_colours_has_swatches() -> None:
    clay = (FacetValue("Clay", "Clay", 2),)
    facets = tuple(Facet(name, name, clay) for name in ("Colour", "Material", "Scent"))
    shown = {facet.name: facet.choices[0].swatch for facet in view(Query(), facets).facets}
    assert shown == {"Colour": "clay", "Material": "", "Scent": ""}


def test_prices_are_labelled_in_the_catalogues_own_currency() -> None:
    (price,) = (facet for facet in view().facets if facet.name == "price")
    assert [choice.label for choice in price.choices] == ["€10 to €20", "€50 and more", "Up to €5"]
    assert not price.multiple


def test_sorting_keeps_the_rest_and_begins_at_page_one() -> None:
    sorts = {choice.value: choice for choice in view().sorts}
    assert sorts["name"].selected
    assert asked(sorts["newest"].url) == Query(
        q="red mug", category="bowls", options=(("Colour", "Moss"),), sort="newest"
    )


@pytest.mark.parametrize(
    ("page", "pages", "labels"),
    [
        (1, 1, ["1"]),
        (1, 2, ["1", "2"]),
        (1, 9, ["1", "2", None, "9"]),
        (5, 9, ["1", None, "4", "5", "6", None, "9"]),
        (9, 9, ["1", None, "8", "9"]),
        (4, 9, ["1", "2", "3", "4", "5", None, "9"]),
        (3, 4, ["1", "2", "3", "4"]),
    ],
)
def test_pages(page: int, pages: int, labels: list[str | None]) -> None:
    pager = view(Query(page=page), pages=pages).pager
    assert [link and link.label for link in pager.links] == labels
    assert [link.label for link in pager.links if link and link.current] == [str(page)]
    assert bool(pager.previous_url) is (page > 1)
    assert bool(pager.next_url) is (page < pages)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (Query(), "All products"),
        (Query(category="bowls"), "Bowls"),
        (Query(q="mug"), "Results for “mug”"),
        (Query(q="mug", category="bowls"), "Results for “mug” in Bowls"),
        (Query(category="unknown"), "unknown"),
    ],
)
def test_heading(query: Query, words: str) -> None:
    assert heading(query, FACETS) == words


def test_only_the_bare_grid_is_the_front_page() -> None:
    assert view(Query()).front
    for query in (Query(page=2), Query(q="x"), Query(in_stock=True), Query(sort="name")):
        assert not view(query).front

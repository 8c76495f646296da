"""The front page above its grid: made of what the first page of the grid holds."""

from __future__ import annotations

from decimal import Decimal

from shop.catalog.model import Category, Image, Listing
from shop.i18n import ENGLISH
from shop.money import Money, Rates
from shop.resources import resource_dir
from shop.web.catalog.home_builder import home_view
from shop.web.catalog.views import HomeView
from shop.web.render.assets import assets_of
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices

PICTURES = Pictures(assets_of(resource_dir("static")))
PRICES = Prices(Rates("EUR", "2025-01-02", {"EUR": Decimal(1)}), "EUR", ENGLISH)
CATEGORIES = (Category("mugs", "Mugs", 20), Category("lamps", "Lamps", 1))


def listing(number: int, *, category: str = "Mugs", stock: int | None = 9, pictured: bool = True) -> Listing:
    price = Money(10_000 - 100 * number, "EUR")
    image = Image("img/favicon.svg", f"The look of {number}") if pictured else None
    return Listing(f"no-{number}", f"No {number}", "", category, image, price, price, None, stock, None)


def view(*listings: Listing) -> HomeView:
    return home_view(listings, CATEGORIES, PRICES, PICTURES)


def titles(view: HomeView) -> tuple[list[str], list[str]]:
    return [card.title for card in view.featured], [card.title for card in view.small]


def test_the_first_of_the_grid_are_featured_and_the_least_dear_of_the_others_are_small() -> None:
    featured, small = titles(view(*map(listing, range(12))))
    assert featured == ["No 0", "No 1", "No 2", "No 3"]
    assert small == ["No 11", "No 10", "No 9", "No 8"]


def test_what_is_sold_out_is_no_small_thing() -> None:
    assert titles(view(*map(listing, range(12)), listing(50, stock=0)))[1][0] == "No 11"


def test_a_small_shop_has_no_small_things_and_an_empty_one_nothing() -> None:
    assert titles(view(*map(listing, range(11)))) == (["No 0", "No 1", "No 2", "No 3"], [])
    empty = view()
    assert (empty.featured, empty.small, empty.categories) == ((), (), ())


def test_a_category_is_shown_by_something_that_is_not_featured_already() -> None:
    lamp = listing(2, category="Lamps")
    tiles = view(*map(listing, range(2)), lamp, listing(3), listing(4, pictured=False), listing(5)).categories
    assert [(tile.label, tile.url, tile.picture.alt) for tile in tiles] == [
        ("Mugs", "/?category=mugs", "The look of 5"),
        ("Lamps", "/?category=lamps", "The look of 2"),
    ]


def test_a_category_of_which_nothing_is_at_hand_has_no_tile() -> None:
    assert [tile.label for tile in view(*map(listing, range(6))).categories] == ["Mugs"]

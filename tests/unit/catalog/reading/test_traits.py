"""The traits of a product: what rows hold of them."""

from __future__ import annotations

from shop.catalog.reading import rows
from shop.catalog.reading.traits import IN_CARTS, MANY, Traits
from shop.catalog.writing.derived import json
from tests.fixtures.catalog import a_product, variant

MUG = a_product(
    "mug",
    variant("1", "S", stock=3),
    variant("2", "M"),
    variant("3", "L", stock=0, held=2),
    variant("4", "XL", stock=500),
    options=("Size",),
    categories=("Mugs", "mugs", "Gifts & more"),
)
STORED = (
    '[[["mugs","Mugs"],["gifts-more","Gifts & more"]],["Size"],'
    '[[true,["S"]],[true,["M"]],[false,["L"]],[true,["XL"]]],[3,null,-1,99]]'
)


def test_rows_of_an_earlier_release_are_read() -> None:
    """The order of the fields is that of every stored row: a field more goes to the end, with a default."""
    assert rows.traits(STORED) == Traits.of(MUG)
    assert rows.traits("[[],[],[]]") == Traits((), (), ())


def test_traits_are_stored_as_they_were() -> None:
    assert json(Traits.of(MUG)) == STORED
    assert (IN_CARTS, MANY) == (-1, 99)

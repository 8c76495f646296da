"""The traits of a product, as stored."""

from __future__ import annotations

from shop.catalog.reading import rows
from shop.catalog.reading.traits import ALL_RESERVED, MAX_SHOWN_STOCK, Traits
from shop.catalog.writing.derived import json
from tests.fixtures.catalog import a_product, variant

MUG = a_product(
    "mug",
    variant("1", "S", stock=3),
    variant("2", "M"),
    variant("3", "L", stock=0, reserved=2),
    variant("4", "XL", stock=500),
    options=("Size",),
    categories=("Mugs", "mugs", "Gifts & more"),
)
STORED = (
    '[[["mugs","Mugs"],["gifts-more","Gifts & more"]],["Size"],'
    '[[true,["S"]],[true,["M"]],[false,["L"]],[true,["XL"]]],[3,null,-1,99]]'
)


def test_rows_of_an_earlier_release_are_read() -> None:
    """Stored rows depend on the order of fields: append new ones, with a default."""
    assert rows.traits(STORED) == Traits.of(MUG)
    assert rows.traits("[[],[],[]]") == Traits((), (), ())


def test_traits_are_stored_as_they_were() -> None:
    assert json(Traits.of(MUG)) == STORED
    assert (ALL_RESERVED, MAX_SHOWN_STOCK) == (-1, 99)

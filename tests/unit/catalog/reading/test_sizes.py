"""Sizes in order of size."""

from __future__ import annotations

import pytest

from shop.catalog.reading.sizes import in_order_of_size


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        (["L", "XS", "M", "XXL", "S"], ["XS", "S", "M", "L", "XXL"]),
        (["Large", "Small", "Medium"], ["Small", "Medium", "Large"]),
        (["Groß", "Klein", "Mittel"], ["Klein", "Mittel", "Groß"]),
        (["1 l", "250 ml", "0,5 l", "2 l"], ["250 ml", "0,5 l", "1 l", "2 l"]),
        (["EU 40", "EU 38", "EU 38.5"], ["EU 38", "EU 38.5", "EU 40"]),
        (["10", "9", "8.5"], ["8.5", "9", "10"]),
        (["1 kg", "500 g"], ["500 g", "1 kg"]),
        (["30 x 40 cm", "20 x 30 cm"], ["20 x 30 cm", "30 x 40 cm"]),
        (["Moss", "Chalk", "Clay"], ["Moss", "Chalk", "Clay"]),
        (["Side", "1 l", "Small", "Dinner", "Large"], ["Small", "Large", "1 l", "Side", "Dinner"]),
    ],
)
def test_sizes_come_in_order_and_other_values_as_they_are(values: list[str], ordered: list[str]) -> None:
    assert in_order_of_size(values) == ordered

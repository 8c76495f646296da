"""What a simulated shopper reads in an address."""

from __future__ import annotations

import pytest

from shop.loadtest.shoppers.pages import order_number, path_of


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/order/7K3F?key=secret", "/order/7K3F?key=secret"),
        ("https://shop.example/order/7K3F?key=secret", "/order/7K3F?key=secret"),
        ("/cart", "/cart"),
        ("", ""),
    ],
)
def test_a_redirect_is_followed_with_its_query(location: str, path: str) -> None:
    assert path_of(location) == path


def test_an_order_is_known_by_its_number_not_by_its_secret() -> None:
    assert order_number("/order/7K3F?key=a/b") == "7K3F"

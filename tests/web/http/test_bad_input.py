"""Bad input is refused in words. test_any_input.py tries every kind of it on every URL."""

from __future__ import annotations

import pytest

from tests.fixtures.shop_app import HTMX, Client


@pytest.mark.parametrize(
    "path", ["/product/%ff", "/product/%", "/cart/lines/%25ff/remove", "//", "/product/" + "x" * 5000]
)
async def test_odd_paths_get_no_server_error(shop: Client, path: str) -> None:
    for method in ("GET", "POST"):
        assert (await shop.request(method, path)).status_code < 500


async def test_a_body_that_is_too_large_is_refused(shop: Client) -> None:
    reply = await shop.post("/cart", data={"product_id": "x" * 70_000})
    assert reply.status_code == 413
    assert "A form may be at most 64 KB" in reply.text


async def test_a_form_with_too_many_fields_is_refused(shop: Client) -> None:
    reply = await shop.post("/cart", data={f"f{number}": "x" for number in range(101)})
    assert reply.status_code == 422
    assert "at most 100 fields" in reply.text


async def test_the_first_of_repeated_fields_counts(shop: Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **HTMX}
    reply = await shop.post("/cart", content="product_id=tide-mug&quantity=2&quantity=5", headers=headers)
    assert "Added 2 × Tide Mug." in reply.text

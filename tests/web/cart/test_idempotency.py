"""A retry or a double click counts once; two separate clicks count twice."""

from __future__ import annotations

import asyncio

import pytest

from shop.web.http.change_ids import TICK
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, Clock, CountingCarts, MakeClient

MUG = {"product_id": "tide-mug"}


async def quantity_of_cart(shop: Client) -> int:
    text = (await shop.get("/cart")).text
    return int(text.partition('id="cart-badge" class="badge">')[2].partition("<")[0] or 0)


@pytest.fixture
async def shop_with_candle(shop: Client) -> Client:
    """A shopper with one candle in the cart."""
    await shop.post("/cart", data={"product_id": "endless-candle"})
    return shop


async def test_a_retry_with_the_same_key_adds_once(shop_with_candle: Client) -> None:
    headers = {**HTMX, "Idempotency-Key": "k1"}
    first = await shop_with_candle.post("/cart", data=MUG, headers=headers)
    again = await shop_with_candle.post("/cart", data=MUG, headers=headers)

    assert (first.status_code, again.status_code) == (200, 200)
    assert 'class="badge">2<' in again.text


async def test_parallel_retries_add_once(shop_with_candle: Client) -> None:
    headers = {**HTMX, "Idempotency-Key": "k1"}
    await asyncio.gather(*(shop_with_candle.post("/cart", data=MUG, headers=headers) for _ in range(20)))
    assert await quantity_of_cart(shop_with_candle) == 2


async def test_a_multipart_retry_adds_once_though_its_boundary_differs(shop_with_candle: Client) -> None:
    for boundary in ("one", "two"):
        parts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {**MUG, "quantity": "2"}.items()
        )
        reply = await shop_with_candle.post(
            "/cart",
            content=f"{parts}--{boundary}--\r\n",
            headers={**HTMX, "Idempotency-Key": "k", "Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
        assert reply.status_code == 200
    assert await quantity_of_cart(shop_with_candle) == 3


@pytest.mark.parametrize(
    ("key", "form"), [("k2", MUG), ("k1", {**MUG, "quantity": "2"}), ("k1", {"product_id": "endless-candle"})]
)
async def test_another_key_or_another_form_is_another_change(
    shop_with_candle: Client, key: str, form: dict[str, str]
) -> None:
    await shop_with_candle.post("/cart", data=MUG, headers={"Idempotency-Key": "k1"})
    before = await quantity_of_cart(shop_with_candle)
    await shop_with_candle.post("/cart", data=form, headers={"Idempotency-Key": key})
    assert await quantity_of_cart(shop_with_candle) == before + int(form.get("quantity", 1))


async def test_a_key_is_scoped_to_its_shopper(make_client: MakeClient) -> None:
    async with make_client() as one, make_client() as other:
        for shop in (one, other):
            await shop.post("/cart", data=MUG)
            await shop.post("/cart", data=MUG, headers={"Idempotency-Key": "same"})
            assert await quantity_of_cart(shop) == 2


async def test_a_key_that_is_too_long_is_refused(shop_with_candle: Client) -> None:
    reply = await shop_with_candle.post("/cart", data=MUG, headers={**HTMX, "Idempotency-Key": "k" * 201})
    assert reply.status_code == 422
    assert await quantity_of_cart(shop_with_candle) == 1


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.49, 0.499])
@pytest.mark.parametrize("gap", [0.0, 0.1, 0.3, 0.6, 0.99])
async def test_a_double_click_on_a_plain_form_adds_once(
    shop_with_candle: Client, clock: Clock, phase: float, gap: float
) -> None:
    clock.now = 1_800_000_000 + phase
    await shop_with_candle.post("/cart", data=MUG, headers=NAVIGATION)
    clock.now += gap
    await shop_with_candle.post("/cart", data=MUG, headers=NAVIGATION)
    assert await quantity_of_cart(shop_with_candle) == 2


async def test_two_clicks_at_the_same_moment_add_once(shop_with_candle: Client) -> None:
    await asyncio.gather(*(shop_with_candle.post("/cart", data=MUG, headers=NAVIGATION) for _ in range(8)))
    assert await quantity_of_cart(shop_with_candle) == 2


async def test_two_separate_clicks_add_twice(shop_with_candle: Client, clock: Clock) -> None:
    for _ in range(2):
        await shop_with_candle.post("/cart", data=MUG, headers=NAVIGATION)
        clock.now += 3 * TICK
    assert await quantity_of_cart(shop_with_candle) == 3


async def test_a_click_after_another_change_counts(shop_with_candle: Client) -> None:
    for form in (MUG, {"product_id": "last-jug"}, MUG):
        await shop_with_candle.post("/cart", data=form, headers=NAVIGATION)
    assert await quantity_of_cart(shop_with_candle) == 4


async def test_a_first_double_click_with_the_cookie_on_the_second_post_adds_once(shop: Client) -> None:
    for _ in range(2):
        await shop.post("/cart", data=MUG, headers=NAVIGATION)
    assert await quantity_of_cart(shop) == 1


async def test_a_first_double_click_without_the_cookie_leaves_one_unit_in_the_browsers_cart(shop: Client) -> None:
    for _ in range(2):
        await shop.post("/cart", data=MUG, headers={**NAVIGATION, "Cookie": ""})
    assert await quantity_of_cart(shop) == 1


OLD_NAVIGATION = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Origin": "http://shop.test"}
"""The headers of a plain form in a browser of before 2023, such as Safari 15."""


async def test_a_double_click_in_an_old_browser_adds_once(shop_with_candle: Client, clock: Clock) -> None:
    for _ in range(2):
        await shop_with_candle.post("/cart", data=MUG, headers=OLD_NAVIGATION)
    assert await quantity_of_cart(shop_with_candle) == 2
    clock.now += 3 * TICK
    await shop_with_candle.post("/cart", data=MUG, headers=OLD_NAVIGATION)
    assert await quantity_of_cart(shop_with_candle) == 3


@pytest.mark.parametrize("headers", [{"Accept": "text/html"}, {"Accept": "*/*", "Origin": "http://shop.test"}])
async def test_equal_posts_of_a_program_that_says_less_all_count(
    shop_with_candle: Client, headers: dict[str, str]
) -> None:
    for _ in range(3):
        await shop_with_candle.post("/cart", data=MUG, headers=headers)
    assert await quantity_of_cart(shop_with_candle) == 4


async def test_equal_posts_of_a_plain_client_all_count(shop_with_candle: Client, carts: CountingCarts) -> None:
    carts.calls.clear()
    for _ in range(5):
        await shop_with_candle.post("/cart", data=MUG)
    assert await quantity_of_cart(shop_with_candle) == 6
    assert carts.calls["apply"] == 5

"""What was meant once happens once, and what was meant twice twice."""

from __future__ import annotations

import asyncio

import pytest

from shop.web.http.change_ids import TICK
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, Clock, CountingCarts, MakeClient

MUG = {"product_id": "tide-mug"}


async def pieces(shop: Client) -> int:
    text = (await shop.get("/cart")).text
    return int(text.partition('id="cart-badge" class="badge">')[2].partition("<")[0] or 0)


@pytest.fixture
async def begun(shop: Client) -> Client:
    """A shopper who has one candle in the cart already."""
    await shop.post("/cart", data={"product_id": "endless-candle"})
    return shop


async def test_a_retry_with_the_same_key_adds_once(begun: Client) -> None:
    headers = {**HTMX, "Idempotency-Key": "k1"}
    first = await begun.post("/cart", data=MUG, headers=headers)
    again = await begun.post("/cart", data=MUG, headers=headers)

    assert (first.status_code, again.status_code) == (200, 200)
    assert 'class="badge">2<' in again.text


async def test_parallel_retries_add_once(begun: Client) -> None:
    headers = {**HTMX, "Idempotency-Key": "k1"}
    await asyncio.gather(*(begun.post("/cart", data=MUG, headers=headers) for _ in range(20)))
    assert await pieces(begun) == 2


async def test_a_multipart_retry_adds_once_though_its_boundary_differs(begun: Client) -> None:
    for boundary in ("one", "two"):
        parts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {**MUG, "quantity": "2"}.items()
        )
        reply = await begun.post(
            "/cart",
            content=f"{parts}--{boundary}--\r\n",
            headers={**HTMX, "Idempotency-Key": "k", "Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
        assert reply.status_code == 200
    assert await pieces(begun) == 3


@pytest.mark.parametrize(
    ("key", "form"), [("k2", MUG), ("k1", {**MUG, "quantity": "2"}), ("k1", {"product_id": "endless-candle"})]
)
async def test_another_key_or_another_form_is_another_change(begun: Client, key: str, form: dict[str, str]) -> None:
    await begun.post("/cart", data=MUG, headers={"Idempotency-Key": "k1"})
    before = await pieces(begun)
    await begun.post("/cart", data=form, headers={"Idempotency-Key": key})
    assert await pieces(begun) == before + int(form.get("quantity", 1))


async def test_a_key_is_one_shoppers_own(make_client: MakeClient) -> None:
    async with make_client() as one, make_client() as other:
        for shop in (one, other):
            await shop.post("/cart", data=MUG)
            await shop.post("/cart", data=MUG, headers={"Idempotency-Key": "same"})
            assert await pieces(shop) == 2


async def test_a_key_that_is_too_long_is_refused(begun: Client) -> None:
    reply = await begun.post("/cart", data=MUG, headers={**HTMX, "Idempotency-Key": "k" * 201})
    assert reply.status_code == 422
    assert await pieces(begun) == 1


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.49, 0.499])
@pytest.mark.parametrize("gap", [0.0, 0.1, 0.3, 0.6, 0.99])
async def test_a_double_click_on_a_plain_form_adds_once(begun: Client, clock: Clock, phase: float, gap: float) -> None:
    clock.now = 1_800_000_000 + phase
    await begun.post("/cart", data=MUG, headers=NAVIGATION)
    clock.now += gap
    await begun.post("/cart", data=MUG, headers=NAVIGATION)
    assert await pieces(begun) == 2


async def test_two_clicks_at_the_same_moment_add_once(begun: Client) -> None:
    await asyncio.gather(*(begun.post("/cart", data=MUG, headers=NAVIGATION) for _ in range(8)))
    assert await pieces(begun) == 2


async def test_two_intended_adds_are_two(begun: Client, clock: Clock) -> None:
    for _ in range(2):
        await begun.post("/cart", data=MUG, headers=NAVIGATION)
        clock.now += 3 * TICK
    assert await pieces(begun) == 3


async def test_a_click_after_another_change_is_meant(begun: Client) -> None:
    for form in (MUG, {"product_id": "last-jug"}, MUG):
        await begun.post("/cart", data=form, headers=NAVIGATION)
    assert await pieces(begun) == 4


async def test_a_first_double_click_whose_second_half_knows_the_cookie_already_adds_once(shop: Client) -> None:
    for _ in range(2):
        await shop.post("/cart", data=MUG, headers=NAVIGATION)
    assert await pieces(shop) == 1


async def test_a_first_double_click_without_the_cookie_ends_with_one_piece_in_the_browsers_cart(shop: Client) -> None:
    for _ in range(2):
        await shop.post("/cart", data=MUG, headers={**NAVIGATION, "Cookie": ""})
    assert await pieces(shop) == 1


async def test_equal_posts_of_a_plain_client_are_all_meant(begun: Client, carts: CountingCarts) -> None:
    carts.calls.clear()
    for _ in range(5):
        await begun.post("/cart", data=MUG)
    assert await pieces(begun) == 6
    assert carts.calls["apply"] == 5

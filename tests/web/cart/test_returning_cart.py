"""A cart that slept comes back, and the pages say so, with what has changed in the shop meanwhile."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from shop.cart.around.tiered import TieredCartService
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, SaveForLater, apply, new_change_id
from shop.money import Money
from shop.settings import Settings
from shop.web.http.session import cart_id
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, MakeClient

DAY = 24 * 3600
TOKEN = "t" * 43
WELCOME = 'aria-label="Welcome back"'
SLEPT_FOR = 40 * DAY


@pytest.fixture
def archive() -> MemoryCartService:
    return MemoryCartService(ttl=180 * DAY)


@pytest.fixture
def live() -> MemoryCartService:
    return MemoryCartService(ttl=30 * DAY)


@pytest.fixture
async def shop(make_client: MakeClient, live: MemoryCartService, archive: MemoryCartService) -> AsyncIterator[Client]:
    """A shopper whose cookie is all that is known of them where carts are live."""
    carts = TieredCartService(live, archive, delay=3600)
    settings = Settings(cart_ttl=30 * DAY, database_url="sqlite+aiosqlite:///never-opened.db")
    async with make_client(settings=settings, carts=carts, clock=time.time) as client:
        client.cookies.set("session", TOKEN)
        yield client


async def sleeps(archive: MemoryCartService, **prices: int) -> int:
    """Let a cart sleep with one of each, at these prices in cents; when it was changed last."""
    then = int(time.time()) - SLEPT_FOR
    cart = Cart(cart_id(TOKEN))
    for name, price in prices.items():
        sku = name.replace("_", "-").upper()
        cart = apply(cart, Add(new_change_id(), then, sku, 1, Money(price, "EUR")))
    await archive.put(cart)
    return then


def day(seconds: int) -> str:
    then = time.gmtime(seconds)
    return f"{then.tm_mday} {time.strftime('%B %Y', then)}"


async def test_the_cart_page_says_what_changed(shop: Client, archive: MemoryCartService, catalog: FixedCatalog) -> None:
    then = await sleeps(archive, tide_mug=2200, last_jug=4000, gone_bowl=3100, endless_candle=900, old_vase=500)
    page = (await shop.get("/cart")).text
    assert f"Your cart of {day(then)} is here again." in page
    told = page.partition(WELCOME)[2].partition("</section>")[0]
    assert "Tide Mug: the price went down from €22.00 to €19.00." in told
    assert "Last Jug: the price went up from €40.00 to €42.00." in told
    assert "Last Jug: only" not in told, "that it is scarce is nothing that has changed"
    assert "Only 3 left." in page
    assert "Gone Bowl: sold out." in told
    assert "OLD-VASE: we no longer sell this item." in told
    assert "Endless Candle" not in told


async def test_a_cart_that_is_as_it_was_says_that(shop: Client, archive: MemoryCartService) -> None:
    await sleeps(archive, tide_mug=1900)
    assert "Everything is still here, at the same prices." in (await shop.get("/cart")).text


async def test_a_long_list_is_cut(shop: Client, archive: MemoryCartService, catalog: FixedCatalog) -> None:
    catalog.replace(*(product(f"thing-{n}", 1000) for n in range(8)))
    await sleeps(archive, **{f"thing_{n}": 900 for n in range(8)})
    told = (await shop.get("/cart")).text.partition(WELCOME)[2].partition("</section>")[0]
    assert told.count("the price went up") == 5
    assert "and 3 more" in told


async def test_it_stays_until_the_cart_is_changed(shop: Client, archive: MemoryCartService) -> None:
    await sleeps(archive, tide_mug=1900)
    for _ in range(3):
        assert WELCOME in (await shop.get("/cart")).text
    assert WELCOME not in (await shop.post("/cart/lines/TIDE-MUG", data={"quantity": "2"}, headers=HTMX)).text
    assert WELCOME not in (await shop.get("/cart")).text


async def test_an_add_by_htmx_tells_it_in_the_drawer_and_aloud(shop: Client, archive: MemoryCartService) -> None:
    then = await sleeps(archive, tide_mug=1900, endless_candle=800)
    reply = (await shop.post("/cart", data={"product_id": "tide-mug"}, headers=HTMX)).text
    drawer, _, rest = reply.partition('hx-target="#cart-badge"')
    assert WELCOME in drawer
    assert "Endless Candle: the price went up from €8.00 to €9.00." in drawer
    assert "3 items in your cart" in drawer
    assert f"Welcome back. Your cart of {day(then)} is here again." in rest.partition('hx-target="#status"')[2]
    assert WELCOME in (await shop.get("/cart")).text
    again = (await shop.post("/cart", data={"product_id": "tide-mug"}, headers=HTMX)).text
    assert WELCOME not in again
    assert WELCOME not in (await shop.get("/cart")).text


@pytest.mark.parametrize("headers", [{}, NAVIGATION], ids=["curl", "browser"])
async def test_an_add_by_a_plain_form_tells_it_on_the_next_page(
    shop: Client, archive: MemoryCartService, headers: dict[str, str]
) -> None:
    await sleeps(archive, tide_mug=1900)
    reply = await shop.post("/cart", data={"product_id": "tide-mug"}, headers=headers)
    assert reply.status_code == 303
    page = (await shop.get("/cart")).text
    assert WELCOME in page
    assert 'value="2"' in page
    await shop.post("/cart/lines/TIDE-MUG", data={"quantity": "3"}, headers=headers)
    assert WELCOME not in (await shop.get("/cart")).text


async def test_a_change_from_an_old_page_wakes_the_cart_it_shows(shop: Client, archive: MemoryCartService) -> None:
    await sleeps(archive, tide_mug=1900, endless_candle=900)
    reply = (await shop.post("/cart/lines/TIDE-MUG/remove", headers=HTMX)).text
    assert WELCOME in reply
    assert "Endless Candle" in reply


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_it_can_be_put_away(
    shop: Client, live: MemoryCartService, archive: MemoryCartService, headers: dict[str, str]
) -> None:
    await sleeps(archive, tide_mug=1900)
    assert 'action="/cart/welcome"' in (await shop.get("/cart")).text
    reply = await shop.post("/cart/welcome", headers=headers)
    assert WELCOME not in reply.text
    await live.delete(cart_id(TOKEN))
    for _ in range(2):
        page = (await shop.get("/cart")).text
        assert WELCOME not in page
        assert "Tide Mug" in page


async def test_it_can_be_put_away_after_an_add(shop: Client, archive: MemoryCartService) -> None:
    await sleeps(archive, tide_mug=1900)
    await shop.post("/cart", data={"product_id": "tide-mug"})
    await shop.post("/cart/welcome")
    assert WELCOME not in (await shop.get("/cart")).text


async def test_a_cookie_that_anyone_can_write_says_nothing_untrue(shop: Client, archive: MemoryCartService) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"}, headers=HTMX)
    for value in ("<script>", "-1", "9" * 30, "1e9"):
        shop.cookies.set("welcome", value)
        assert WELCOME not in (await shop.get("/cart")).text
    shop.cookies.set("welcome", "9999999999")
    assert f"Your cart of {day(int(time.time()))} is here again." in (await shop.get("/cart")).text


async def test_nothing_is_said_of_an_empty_cart(shop: Client, archive: MemoryCartService) -> None:
    await sleeps(archive, tide_mug=1900)
    await shop.post("/cart/empty")
    assert WELCOME not in (await shop.get("/cart")).text


async def test_what_is_saved_for_later_is_told_too(shop: Client, archive: MemoryCartService) -> None:
    then = await sleeps(archive, tide_mug=2200)
    saved = apply(await archive.get(cart_id(TOKEN)), SaveForLater(new_change_id(), then, "TIDE-MUG"))
    await archive.put(saved)
    assert "Tide Mug: the price went down" in (await shop.get("/cart")).text.partition(WELCOME)[2]


async def test_a_cart_that_did_not_sleep_is_not_welcomed(shop: Client) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"})
    assert WELCOME not in (await shop.get("/cart")).text


async def test_cookies_live_as_long_as_a_cart_can_come_back(shop: Client) -> None:
    reply = await shop.post("/cart", data={"product_id": "tide-mug"})
    cookies = [value for value in reply.headers.get_list("set-cookie") if "session=" in value or "cart_count" in value]
    assert len(cookies) == 2
    assert all(f"Max-Age={180 * DAY};" in cookie for cookie in cookies)


async def test_logout_takes_the_welcome_with_it(shop: Client, archive: MemoryCartService) -> None:
    await sleeps(archive, tide_mug=1900)
    await shop.post("/cart", data={"product_id": "endless-candle"})
    assert "welcome" in shop.cookies
    await shop.post("/logout")
    assert "welcome" not in shop.cookies
    assert await archive.get(cart_id(TOKEN)) == Cart(cart_id(TOKEN))

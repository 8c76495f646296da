"""The notice about a cart restored from the archive, with the changes in the shop since."""

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
ARCHIVED_FOR = 40 * DAY


@pytest.fixture
def archive() -> MemoryCartService:
    return MemoryCartService(ttl=180 * DAY)


@pytest.fixture
def live() -> MemoryCartService:
    return MemoryCartService(ttl=30 * DAY)


@pytest.fixture
async def shop(make_client: MakeClient, live: MemoryCartService, archive: MemoryCartService) -> AsyncIterator[Client]:
    """A shopper with a session cookie, but without a live cart."""
    carts = TieredCartService(live, archive, delay=3600)
    settings = Settings(cart_ttl=30 * DAY, database_url="sqlite+aiosqlite:///never-opened.db")
    async with make_client(settings=settings, carts=carts, clock=time.time) as client:
        client.cookies.set("neap_session", TOKEN)
        yield client


async def archive_cart(archive: MemoryCartService, **prices: int) -> int:
    """Archive a cart with one of each, at these prices in cents; returns the time of its last change."""
    then = int(time.time()) - ARCHIVED_FOR
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
    then = await archive_cart(archive, tide_mug=2200, last_jug=4000, gone_bowl=3100, endless_candle=900, old_vase=500)
    page = (await shop.get("/cart")).text
    assert f"Your cart of {day(then)} is here again." in page
    notice = page.partition(WELCOME)[2].partition("</section>")[0]
    assert "Tide Mug: the price went down from €22.00 to €19.00." in notice
    assert "Last Jug: the price went up from €40.00 to €42.00." in notice
    assert "Last Jug: only" not in notice, "low stock is not a change"
    assert "Only 3 left." in page
    assert "Gone Bowl: sold out." in notice
    assert "OLD-VASE: we no longer sell this item." in notice
    assert "Endless Candle" not in notice


async def test_an_unchanged_cart_says_so(shop: Client, archive: MemoryCartService) -> None:
    await archive_cart(archive, tide_mug=1900)
    assert "Everything is still here, at the same prices." in (await shop.get("/cart")).text


async def test_a_long_list_of_changes_is_truncated(
    shop: Client, archive: MemoryCartService, catalog: FixedCatalog
) -> None:
    catalog.replace(*(product(f"thing-{n}", 1000) for n in range(8)))
    await archive_cart(archive, **{f"thing_{n}": 900 for n in range(8)})
    notice = (await shop.get("/cart")).text.partition(WELCOME)[2].partition("</section>")[0]
    assert notice.count("the price went up") == 5
    assert "and 3 more" in notice


async def test_the_notice_stays_until_the_cart_is_changed(shop: Client, archive: MemoryCartService) -> None:
    await archive_cart(archive, tide_mug=1900)
    for _ in range(3):
        assert WELCOME in (await shop.get("/cart")).text
    assert WELCOME not in (await shop.post("/cart/lines/TIDE-MUG", data={"quantity": "2"}, headers=HTMX)).text
    assert WELCOME not in (await shop.get("/cart")).text


async def test_an_add_by_htmx_shows_the_notice_in_the_drawer_and_announces_it(
    shop: Client, archive: MemoryCartService
) -> None:
    then = await archive_cart(archive, tide_mug=1900, endless_candle=800)
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
async def test_an_add_by_a_plain_form_shows_the_notice_on_the_next_page(
    shop: Client, archive: MemoryCartService, headers: dict[str, str]
) -> None:
    await archive_cart(archive, tide_mug=1900)
    reply = await shop.post("/cart", data={"product_id": "tide-mug"}, headers=headers)
    assert reply.status_code == 303
    page = (await shop.get("/cart")).text
    assert WELCOME in page
    assert 'value="2"' in page
    await shop.post("/cart/lines/TIDE-MUG", data={"quantity": "3"}, headers=headers)
    assert WELCOME not in (await shop.get("/cart")).text


async def test_a_change_from_an_old_page_restores_the_cart(shop: Client, archive: MemoryCartService) -> None:
    await archive_cart(archive, tide_mug=1900, endless_candle=900)
    reply = (await shop.post("/cart/lines/TIDE-MUG/remove", headers=HTMX)).text
    assert WELCOME in reply
    assert "Endless Candle" in reply


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_the_notice_can_be_dismissed(
    shop: Client, live: MemoryCartService, archive: MemoryCartService, headers: dict[str, str]
) -> None:
    await archive_cart(archive, tide_mug=1900)
    assert 'action="/cart/welcome"' in (await shop.get("/cart")).text
    reply = await shop.post("/cart/welcome", headers=headers)
    assert WELCOME not in reply.text
    del live._carts[cart_id(TOKEN)]
    for _ in range(2):
        page = (await shop.get("/cart")).text
        assert WELCOME not in page
        assert "Tide Mug" in page


async def test_the_notice_can_be_dismissed_after_an_add(shop: Client, archive: MemoryCartService) -> None:
    await archive_cart(archive, tide_mug=1900)
    await shop.post("/cart", data={"product_id": "tide-mug"})
    await shop.post("/cart/welcome")
    assert WELCOME not in (await shop.get("/cart")).text


async def test_a_forged_cookie_shows_no_wrong_notice(shop: Client, archive: MemoryCartService) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"}, headers=HTMX)
    for value in ("<script>", "-1", "9" * 30, "1e9"):
        shop.cookies.set("welcome", value)
        assert WELCOME not in (await shop.get("/cart")).text
    shop.cookies.set("welcome", "9999999999")
    assert f"Your cart of {day(int(time.time()))} is here again." in (await shop.get("/cart")).text


async def test_an_empty_cart_has_no_notice(shop: Client, archive: MemoryCartService) -> None:
    await archive_cart(archive, tide_mug=1900)
    await shop.post("/cart/empty")
    assert WELCOME not in (await shop.get("/cart")).text


async def test_saved_items_are_in_the_notice_too(shop: Client, archive: MemoryCartService) -> None:
    then = await archive_cart(archive, tide_mug=2200)
    saved = apply(await archive.get(cart_id(TOKEN)), SaveForLater(new_change_id(), then, "TIDE-MUG"))
    await archive.put(saved)
    assert "Tide Mug: the price went down" in (await shop.get("/cart")).text.partition(WELCOME)[2]


async def test_a_live_cart_has_no_notice(shop: Client) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"})
    assert WELCOME not in (await shop.get("/cart")).text


async def test_cookies_live_as_long_as_a_cart_can_be_restored(shop: Client) -> None:
    reply = await shop.post("/cart", data={"product_id": "tide-mug"})
    cookies = [value for value in reply.headers.get_list("set-cookie") if "session=" in value or "cart_count" in value]
    assert len(cookies) == 2
    assert all(f"Max-Age={180 * DAY};" in cookie for cookie in cookies)


async def test_logout_deletes_the_cookie_of_the_notice(shop: Client, archive: MemoryCartService) -> None:
    await archive_cart(archive, tide_mug=1900)
    await shop.post("/cart", data={"product_id": "endless-candle"})
    assert "welcome" in shop.cookies
    await shop.post("/logout")
    assert "welcome" not in shop.cookies
    assert (await archive.get(cart_id(TOKEN))).lines == ()

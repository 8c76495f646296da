"""The handoff of a cart to another device: the link, the merge, and its undo."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from html import unescape

import pytest
from httpx import AsyncClient

from shop.cart.memory import MemoryCartService
from shop.cart.model import Cart, Limits
from shop.settings import Settings
from shop.web.http.session import cart_id
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import NAVIGATION, Client, Clock, CountingCarts, MakeClient

LINK = re.compile(r"http://shop\.test(/handoff/[A-Za-z0-9_-]+)")
TEN_MINUTES = 600


@pytest.fixture
def carts() -> CountingCarts:
    return CountingCarts(limits=Limits(quantity=9, lines=3))


@pytest.fixture
async def shop(make_client: MakeClient) -> AsyncIterator[Client]:
    """A shopper at a desk, with two mugs and a jug in the cart."""
    async with make_client() as client:
        await add_item(client, "tide-mug", 2)
        await add_item(client, "last-jug")
        yield client


@pytest.fixture
def another_device(shop: Client) -> Callable[[], Client]:
    """Makes clients of the same shop without cookies."""
    return lambda: AsyncClient(transport=shop._transport, base_url=shop.base_url)


@pytest.fixture
def phone(another_device: Callable[[], Client]) -> Client:
    return another_device()


async def add_item(client: Client, handle: str, quantity: int = 1) -> None:
    assert (await client.post("/cart", data={"product_id": handle, "quantity": str(quantity)})).status_code == 303


async def link_of(client: Client) -> str:
    """The path of a new link from this device."""
    found = LINK.search((await client.get("/cart/handoff")).text)
    assert found
    return found[1]


async def button(client: Client, path: str, name: str = "Bring to this device") -> str:
    """The form action of a button on the page."""
    forms = re.findall(r'action="([^"]+)"><button[^>]*>([^<]+)', (await client.get(path)).text)
    return next(unescape(action) for action, label in forms if label == name)


async def cart_of(client: Client, carts: CountingCarts) -> Cart:
    return await carts.get(cart_id(client.cookies["neap_session"]))


async def quantities(client: Client, carts: CountingCarts) -> dict[str, int]:
    return {line.sku: line.quantity for line in (await cart_of(client, carts)).active}


async def bring_cart(client: Client, path: str) -> str:
    """Click the button and return the resulting page."""
    reply = await client.post(await button(client, path), headers=NAVIGATION, follow_redirects=True)
    assert reply.status_code == 200
    return reply.text


async def test_a_link_is_shown_as_text_and_as_a_qr_code(shop: Client) -> None:
    page = await shop.get("/cart/handoff")
    assert LINK.search(page.text)
    assert page.text.count('role="img" aria-label="QR code of the link below"') == 1
    assert '<path fill="#fff"' in page.text, "the code needs a white background in dark mode"
    assert page.headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in page.text


async def test_following_a_link_shows_the_lines_and_changes_nothing(
    shop: Client, phone: Client, carts: CountingCarts
) -> None:
    path = await link_of(shop)
    carts.calls.clear()
    page = await phone.get(path)
    assert "Bring these 3 items to this device?" in page.text
    assert "Tide Mug" in page.text
    assert "2 × €19.00" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers
    assert not carts.calls["apply"]


async def test_the_button_copies_the_cart(shop: Client, phone: Client, carts: CountingCarts) -> None:
    before = await cart_of(shop, carts)
    page = await bring_cart(phone, await link_of(shop))
    assert "Your cart is here" in page
    assert "From the other device: 3 items." in page
    assert await quantities(phone, carts) == {"TIDE-MUG": 2, "LAST-JUG": 1}
    assert await cart_of(shop, carts) == before
    assert phone.cookies["neap_session"] != shop.cookies["neap_session"]
    assert phone.cookies["cart_count"] == "3"


async def test_concurrent_and_repeated_clicks_count_once(shop: Client, phone: Client, carts: CountingCarts) -> None:
    await add_item(phone, "endless-candle")
    action = await button(phone, await link_of(shop))
    replies = await asyncio.gather(*(phone.post(action, headers=NAVIGATION) for _ in range(5)))
    assert {(reply.status_code, reply.headers["location"]) for reply in replies} == {(303, action)}
    assert await quantities(phone, carts) == {"ENDLESS-CANDLE": 1, "TIDE-MUG": 2, "LAST-JUG": 1}
    assert "From the other device: 3 items." in (await phone.get(action)).text


async def test_an_item_removed_after_the_merge_does_not_come_back(
    shop: Client, phone: Client, carts: CountingCarts
) -> None:
    path = await link_of(shop)
    action = await button(phone, path)
    await phone.post(action)
    await phone.post("/cart/empty")
    await phone.post(action)
    assert await quantities(phone, carts) == {}
    assert "This link has already been used here" in (await phone.get(path)).text


async def test_items_in_both_carts_are_not_doubled(
    shop: Client, phone: Client, carts: CountingCarts, clock: Clock
) -> None:
    await add_item(phone, "tide-mug")
    await add_item(phone, "endless-candle", 4)
    path = await link_of(shop)
    page = (await phone.get(path)).text
    assert "Bring these 2 items to this device?" in page
    assert "What is in your cart here stays: 5 items." in page
    assert "You already have 1 here; after this you will have 2." in page
    await bring_cart(phone, path)
    assert await quantities(phone, carts) == {"TIDE-MUG": 2, "ENDLESS-CANDLE": 4, "LAST-JUG": 1}
    clock.now += 1
    another = await link_of(shop)
    assert another != path
    assert "There is nothing to bring" in (await phone.get(another)).text
    await phone.post(another)
    assert (await quantities(phone, carts))["TIDE-MUG"] == 2


async def test_the_merge_can_be_undone(shop: Client, phone: Client, carts: CountingCarts) -> None:
    await add_item(phone, "tide-mug")
    await add_item(phone, "endless-candle")
    path = await link_of(shop)
    action = await button(phone, path)
    await phone.post(action)
    undo = await button(phone, action, "Remove it again")
    for _ in range(2):
        assert (await phone.post(undo)).headers["location"] == "/cart"
        assert await quantities(phone, carts) == {"TIDE-MUG": 1, "ENDLESS-CANDLE": 1}
    assert phone.cookies["cart_count"] == "2"


async def test_a_forged_undo_address_removes_nothing(shop: Client, phone: Client, carts: CountingCarts) -> None:
    path = await link_of(shop)
    await bring_cart(phone, path)
    for query in ("", "?have=", "?have=%7B", '?have={"TIDE-MUG":-1}', "?have=%ff&" + "a=b&" * 90):
        assert (await phone.post(f"{path}/undo{query}")).headers["location"] == "/cart"
        assert await quantities(phone, carts) == {"TIDE-MUG": 2, "LAST-JUG": 1}


async def test_stock_and_limits_cap_the_merge_with_a_notice(
    shop: Client, phone: Client, carts: CountingCarts, catalog: FixedCatalog
) -> None:
    await add_item(phone, "endless-candle")
    await add_item(phone, "tide-mug")
    path = await link_of(shop)
    catalog.replace(product("tide-mug", stock=0), product("last-jug", stock=3))
    page = (await phone.get(path)).text
    assert "Sold out." in page
    assert "Bring this item to this device?" in page
    await phone.post(path)
    assert await quantities(phone, carts) == {"ENDLESS-CANDLE": 1, "TIDE-MUG": 1, "LAST-JUG": 1}, "what is here stays"


async def test_a_full_cart_takes_no_more_lines(shop: Client, phone: Client, carts: CountingCarts) -> None:
    await add_item(phone, "endless-candle")
    assert (await phone.post("/cart", data={"product_id": "throw", "variant_id": "THROW-MOSS"})).status_code == 303
    page = await bring_cart(phone, await link_of(shop))
    assert "Your cart here is full: it takes 3 different items." in page
    assert await quantities(phone, carts) == {"ENDLESS-CANDLE": 1, "THROW-MOSS": 1, "TIDE-MUG": 2}


async def test_stock_below_the_other_carts_quantity_is_noted(
    shop: Client, phone: Client, carts: CountingCarts, catalog: FixedCatalog
) -> None:
    await add_item(shop, "last-jug", 2)
    catalog.replace(product("last-jug", stock=2))
    page = await bring_cart(phone, await link_of(shop))
    assert "Only 2 left." in page
    assert (await quantities(phone, carts))["LAST-JUG"] == 2


async def test_discontinued_items_are_listed_but_not_merged(
    shop: Client, phone: Client, carts: CountingCarts, catalog: FixedCatalog
) -> None:
    catalog.remove("last-jug")
    page = await bring_cart(phone, await link_of(shop))
    assert "We no longer sell this item." in page
    assert await quantities(phone, carts) == {"TIDE-MUG": 2}


async def test_a_link_shows_the_cart_at_the_time_it_is_opened(
    shop: Client, phone: Client, carts: CountingCarts
) -> None:
    path = await link_of(shop)
    await shop.post("/cart/lines/LAST-JUG/remove")
    await add_item(shop, "endless-candle")
    await bring_cart(phone, path)
    await add_item(shop, "tide-mug", 5)
    await phone.post(path)
    assert await quantities(phone, carts) == {"TIDE-MUG": 2, "ENDLESS-CANDLE": 1}


async def test_each_device_has_its_own_currency_and_current_prices(
    shop: Client, phone: Client, carts: CountingCarts, catalog: FixedCatalog
) -> None:
    path = await link_of(shop)
    catalog.replace(product("tide-mug", 2000))
    await phone.post("/setCurrency", data={"currency_code": "USD"})
    assert re.search(r"2 × \$\d\d\.\d\d", (await phone.get(path)).text)
    await phone.post(path)
    line = (await cart_of(phone, carts)).line("TIDE-MUG")
    assert line is not None
    assert (line.price.amount, line.price.currency) == (2000, "EUR")


async def test_two_devices_may_follow_one_link(
    shop: Client, another_device: Callable[[], Client], carts: CountingCarts
) -> None:
    path = await link_of(shop)
    phone, tablet = another_device(), another_device()
    await asyncio.gather(phone.post(path), tablet.post(path))
    assert phone.cookies["neap_session"] != tablet.cookies["neap_session"]
    for client in (phone, tablet):
        assert await quantities(client, carts) == {"TIDE-MUG": 2, "LAST-JUG": 1}


async def test_a_link_on_its_own_device_says_so_and_changes_nothing(shop: Client, carts: CountingCarts) -> None:
    path = await link_of(shop)
    assert "This cart is already here" in (await shop.get(path)).text
    assert "This cart is already here" in (await shop.post(path)).text
    assert await quantities(shop, carts) == {"TIDE-MUG": 2, "LAST-JUG": 1}


async def test_a_link_expires_after_ten_minutes(shop: Client, phone: Client, clock: Clock) -> None:
    path = await link_of(shop)
    clock.now += TEN_MINUTES - 1
    assert (await phone.get(path)).status_code == 200
    clock.now += 1
    for reply in (await phone.get(path), await phone.post(path)):
        assert reply.status_code == 410
        assert "This link has ended" in reply.text
        assert "set-cookie" not in reply.headers


async def test_a_forged_link_opens_nothing(shop: Client, phone: Client, make_client: MakeClient) -> None:
    path = await link_of(shop)
    token = path.rpartition("/")[2]
    another = "B" if token[3] != "B" else "C"
    last = chr(ord(token[-1]) + 1)
    respelt = (f"{token}!", f"{token}=", f"{token[:9]}%3C{token[9:]}", token[:-1] + last)
    cut = (token[:3] + another + token[4:], token[:-4], token[4:], token + "AAAA")
    for wrong in (*cut, *respelt, "x", "%C3%BC", "A" * 4000):
        for reply in (await phone.get(f"/handoff/{wrong}"), await phone.post(f"/handoff/{wrong}")):
            assert reply.status_code == 404
            assert "This link is not complete" in reply.text
    settings = Settings(database_url="sqlite+aiosqlite:///never-opened.db", secret_key="another shop's")
    async with make_client(settings=settings) as elsewhere:
        assert (await elsewhere.get(path)).status_code == 404


async def test_processes_with_one_secret_read_each_others_links(make_client: MakeClient) -> None:
    settings = Settings(database_url="sqlite+aiosqlite:///never-opened.db", secret_key="theirs")
    async with make_client(settings=settings) as one, make_client(settings=settings) as other:
        await add_item(one, "tide-mug")
        assert "Bring this item to this device?" in (await other.get(await link_of(one))).text


async def test_a_link_reveals_no_session(shop: Client) -> None:
    path = await link_of(shop)
    token = path.rpartition("/")[2]
    stranger = AsyncClient(transport=shop._transport, base_url=shop.base_url)
    for name in (token, token[:43], cart_id(shop.cookies["neap_session"])):
        stranger.cookies.set("neap_session", name)
        assert "Your cart is empty" in (await stranger.get("/cart")).text
    assert shop.cookies["neap_session"] not in path


async def test_an_empty_cart_gets_no_link_and_brings_nothing(shop: Client, phone: Client) -> None:
    page = await phone.get("/cart/handoff")
    assert "Your cart is empty" in page.text
    assert "set-cookie" not in page.headers
    path = await link_of(shop)
    await shop.post("/cart/empty")
    assert "The cart of this link is empty" in (await phone.get(path)).text
    assert "set-cookie" not in (await phone.post(path)).headers


async def test_an_unreadable_cart_is_not_called_empty(
    shop: Client, phone: Client, carts: CountingCarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await link_of(shop)

    async def of_a_standby(_service: MemoryCartService, cart: str) -> Cart:
        return Cart(cart, partial=True)

    monkeypatch.setattr(CountingCarts, "get", of_a_standby)
    assert "It cannot be read just now." in (await phone.get(path)).text


async def test_a_link_has_the_public_address(make_client: MakeClient) -> None:
    settings = Settings(database_url="sqlite+aiosqlite:///never-opened.db", public_url="https://neap.example/")
    async with make_client("https://inside.test", settings=settings) as shop:
        await add_item(shop, "tide-mug")
        page = await shop.get("/cart/handoff")
    assert "https://neap.example/handoff/" in page.text


async def test_a_link_to_a_loopback_address_has_a_notice(make_client: MakeClient) -> None:
    async with make_client("http://127.0.0.1:8000") as shop:
        await add_item(shop, "tide-mug")
        assert "Only this computer can reach this address" in (await shop.get("/cart/handoff")).text


async def test_the_page_says_what_a_link_does_not_carry(shop: Client) -> None:
    page = (await shop.get("/cart/handoff")).text
    assert "saved for later" not in page
    await shop.post("/cart/lines/LAST-JUG/save")
    assert "What is saved for later stays on this device." in (await shop.get("/cart/handoff")).text


async def test_a_cross_origin_form_brings_nothing(shop: Client, phone: Client) -> None:
    path = await link_of(shop)
    for target in (path, f"{path}/undo"):
        assert (await phone.post(target, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_an_address_that_gets_too_long_omits_the_quantities_before(make_client: MakeClient, clock: Clock) -> None:
    many = [product(f"{'long-name-' * 15}{number}") for number in range(20)]
    carts = CountingCarts()
    async with make_client(catalog=FixedCatalog(*many), carts=carts) as shop:
        phone = AsyncClient(transport=shop._transport, base_url=shop.base_url)
        for thing in many:
            await add_item(shop, thing.handle, 2)
            await add_item(phone, thing.handle)
        action = await button(phone, await link_of(shop))
        assert "?" not in action
        page = await bring_cart(phone, action)
        assert set((await quantities(phone, carts)).values()) == {2}
        assert "Remove it again" not in page

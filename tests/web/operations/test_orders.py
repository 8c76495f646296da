"""Orders and stock on the page for operators: found, shown, asked about first, changed, and refused in words."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from httpx import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.order_numbers import grouped
from shop.checkout.placing.orders import Orders
from shop.operator_password import hashed
from shop.settings import Settings
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop_app import Client, MakeClient

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hashed(PASSWORD)


@pytest.fixture
async def client(
    make_client: MakeClient, stocked_url: str, password_hash: str, sqlite_engine: AsyncEngine
) -> AsyncIterator[Client]:
    """The shop with a page for operators; whoever uses it has signed in."""
    settings = Settings(database_url=stocked_url, operator_password=password_hash)
    async with make_client(settings=settings) as client:
        await client.post("/operations/sign-in", data={"password": PASSWORD})
        yield client


@pytest.fixture
async def number(buyer: Buyer) -> str:
    """The number of a paid order of two mugs, 42.90 with shipping."""
    reply = await buyer.orders(await buyer.opens())
    return str(reply.headers["location"]).removeprefix("/order/").partition("?")[0]


def hidden(page: Response) -> dict[str, str]:
    """The fields that a question sends with the answer."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))


async def acts(client: Client, number: str, action: str, **form: str) -> Response:
    """Ask for a change, and answer the question; its reply, or the refusal of the first."""
    path = f"/operations/orders/{number}/{action}"
    question = await client.post(path, data=form)
    return await client.post(path, data=hidden(question)) if question.status_code == 200 else question


async def history(database: AsyncEngine, number: str) -> list[tuple[str, str, str]]:
    return [(event.what, event.who, event.why) for event in await Orders(database).history(number)]


async def state(database: AsyncEngine, number: str) -> str:
    return (await Orders(database).find(number)).state


async def test_orders_are_found_by_number_text_and_state(client: Client, number: str) -> None:
    assert grouped(number) in (await client.get("/operations/orders")).text
    for query in ({"q": "someone@example.com"}, {"q": "ada"}, {"state": "paid"}, {"state": "nonsense"}):
        assert grouped(number) in (await client.get("/operations/orders", params=query)).text, query
    for query in ({"q": "nobody"}, {"state": "unsettled"}, {"q": "\0"}):
        found = await client.get("/operations/orders", params=query)
        assert (found.status_code, grouped(number) in found.text) == (200, query == {"q": "\0"}), query
    straight = await client.get("/operations/orders", params={"q": grouped(number).lower()})
    assert straight.headers["location"] == f"/operations/orders/{number}"
    page = await client.get(straight.headers["location"])
    assert "TIDE-MUG" in page.text
    assert "€42.90" in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_shipping_is_asked_about_and_written_down(
    client: Client, number: str, sqlite_engine: AsyncEngine
) -> None:
    path = f"/operations/orders/{number}"
    question = await client.post(f"{path}/ship", data={"why": "DHL 0034"})
    assert "mark it as shipped and e-mail the shopper" in question.text
    assert await state(sqlite_engine, number) == "paid"
    done = await client.post(f"{path}/ship", data=hidden(question))
    assert (done.status_code, done.headers["location"]) == (303, path)
    assert (await history(sqlite_engine, number))[-1] == ("shipped", "operator", "DHL 0034")
    again = await client.post(f"{path}/ship", data=hidden(question))
    assert again.status_code == 409
    assert f"Order {number} is shipped; it cannot become shipped." in again.text


async def test_cancelling_returns_money_and_stock(
    client: Client, buyer: Buyer, number: str, sqlite_engine: AsyncEngine
) -> None:
    before = await buyer.stock("TIDE-MUG")
    done = await acts(client, number, "cancel", why="a flood", message="Our store is under water.", restock="yes")
    assert done.status_code == 303
    order = await Orders(sqlite_engine).find(number)
    assert (order.state, order.settled, order.failure) == ("cancelled", True, "Our store is under water.")
    assert await buyer.stock("TIDE-MUG") == before + 2
    assert (await history(sqlite_engine, number))[-1] == ("cancelled", "operator", "a flood")


async def test_a_part_is_refunded_once_however_often_the_form_is_sent(
    client: Client, number: str, sqlite_engine: AsyncEngine
) -> None:
    path = f"/operations/orders/{number}/refund"
    question = await client.post(path, data={"quantity-0": "1", "why": "a crack"})
    assert "This would refund €19.00 of €42.90." in question.text
    assert (await client.post(path, data=hidden(question))).status_code == 303
    again = await client.post(path, data=hidden(question))
    assert again.status_code == 422
    assert "refunded meanwhile" in again.text
    assert (await Orders(sqlite_engine).find(number)).refunded == 1900
    assert (await history(sqlite_engine, number))[-1][:2] == ("part refund", "operator")
    assert (await acts(client, number, "refund", amount="3.90")).status_code == 303
    assert (await acts(client, number, "refund", why="all of it")).status_code == 303
    assert await state(sqlite_engine, number) == "refunded"


REFUSED: tuple[tuple[str, dict[str, str], int, str], ...] = (
    ("refund", {"amount": "100"}, 422, "cannot be refunded"),
    ("refund", {"amount": "1e999999999"}, 422, "is no amount"),
    ("refund", {"amount": "1", "quantity-0": "1"}, 422, "not both"),
    ("refund", {"quantity-0": "3"}, 422, "can be refunded, not 3"),
    ("refund", {"amount": "1", "restock": "yes"}, 422, "enter how many"),
    ("refund", {"quantity-0": "-1"}, 422, "whole number"),
    ("resolve", {"outcome": "paid", "why": "seen", "sure": "yes"}, 422, "nothing is to be resolved"),
    ("resolve", {"outcome": "paid"}, 422, "how you know it"),
    ("ship", {"why": "\0"}, 422, "cannot be typed"),
    ("explode", {}, 404, "no such page"),
)


async def test_refusals_are_words(client: Client, number: str, sqlite_engine: AsyncEngine) -> None:
    for action, form, status, words in REFUSED:
        reply = await client.post(f"/operations/orders/{number}/{action}", data=form)
        assert (reply.status_code, words in reply.text) == (status, True), (action, form)
    assert await state(sqlite_engine, number) == "paid"


async def test_nobody_else_changes_anything(
    client: Client, number: str, buyer: Buyer, sqlite_engine: AsyncEngine
) -> None:
    paths = (f"/operations/orders/{number}/ship", "/operations/stock")
    form = {"sure": "yes", "sku": "TIDE-MUG", "on_hand": "1"}
    stock = await buyer.stock("TIDE-MUG")
    for path in paths:
        assert (await client.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    client.cookies.clear()
    for path in paths:
        reply = await client.post(path, data=form)
        assert (reply.status_code, reply.headers["location"]) == (303, "/operations")
    for path in ("/operations/orders", f"/operations/orders/{number}", "/operations/stock?sku=TIDE-MUG"):
        assert 'type="password"' in (await client.get(path)).text
    assert (await state(sqlite_engine, number), await buyer.stock("TIDE-MUG")) == ("paid", stock)


async def test_stock_is_set_and_written_down(client: Client, buyer: Buyer) -> None:
    done = await client.post("/operations/stock", data={"sku": "TIDE-MUG", "on_hand": "7", "why": "counted"})
    assert (done.status_code, done.headers["location"]) == (303, "/operations/stock?sku=TIDE-MUG")
    assert await buyer.stock("TIDE-MUG") == 7
    page = await client.get(done.headers["location"])
    assert re.search(r"UTC, operator: set, \d+ to 7: counted", page.text)


async def test_stock_that_cannot_be_set_is_refused_in_words(client: Client) -> None:
    for form, status, words in (
        ({"sku": "TIDE-MUG", "on_hand": "-3"}, 422, "whole number"),
        ({"sku": "TIDE-MUG"}, 422, "whole number"),
        ({"sku": "no-such", "on_hand": "3"}, 404, "There is no sku no-such."),
        ({"sku": "\0", "on_hand": "3"}, 404, "There is no sku"),
    ):
        reply = await client.post("/operations/stock", data=form)
        assert (reply.status_code, words in reply.text) == (status, True), form

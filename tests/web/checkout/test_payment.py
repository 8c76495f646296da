"""The demonstration bank's page: whoever has to confirm a payment says yes or no, once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.model import Order
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.placing.orders import Orders
from shop.settings import Settings
from tests.fixtures.buyer import GERMAN
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.order_scene import a_card
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, MakeClient


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def shop(make_client: MakeClient, engine: AsyncEngine, database_url: str) -> AsyncIterator[Client]:
    """A shop with stock, and a shopper with a mug in the cart."""
    await fill(engine, a_product("tide-mug", variant("MUG", price=1900, stock=9)))
    async with make_client(settings=Settings(database_url=database_url), catalog=None) as client:
        await client.post("/cart", data={"product_id": "tide-mug"})
        yield client


@pytest.fixture
async def path(shop: Client) -> str:
    """Where the bank asks about the payment of an order."""
    reply = await shop.post("/cart/checkout", data=GERMAN | {"credit_card_number": a_card("challenged").number})
    assert (reply.status_code, reply.headers["location"][:9]) == (303, "/payment/")
    return reply.headers["location"]


def number_of(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2]


async def order_of(engine: AsyncEngine, path: str) -> Order:
    order = await Orders(engine).get(number_of(path))
    assert order is not None
    return order


async def state_of(engine: AsyncEngine, path: str) -> str:
    return (await order_of(engine, path)).state


async def test_the_bank_says_that_it_is_none_and_what_it_asks_for(shop: Client, engine: AsyncEngine, path: str) -> None:
    page = await shop.get(path)
    assert page.status_code == 200
    assert "demonstration bank" in page.text
    assert "moves no money" in page.text
    assert (await order_of(engine, path)).quote.total.format() in page.text
    assert "-".join(re.findall("....", number_of(path))) in page.text
    assert 'content="noindex"' in page.text


@pytest.mark.parametrize(
    ("answer", "state", "words"), [("approve", "paid", "Thank you"), ("refuse", "failed", "You did not confirm")]
)
async def test_the_answer_decides_the_order_at_once(
    shop: Client, engine: AsyncEngine, path: str, answer: str, state: str, words: str
) -> None:
    assert await state_of(engine, path) == "pending"
    reply = await shop.post(path, data={"answer": answer}, headers=NAVIGATION)
    assert (reply.status_code, reply.headers["location"]) == (303, path.replace("/payment/", "/order/"))
    assert await state_of(engine, path) == state
    assert words in (await shop.get(reply.headers["location"])).text


@pytest.mark.parametrize(
    ("answer", "state", "words"), [("approve", "paid", "Thank you"), ("refuse", "failed", "The payment did not arrive")]
)
async def test_a_bank_that_takes_days_answers_on_the_same_page(
    shop: Client, engine: AsyncEngine, answer: str, state: str, words: str
) -> None:
    reply = await shop.post("/cart/checkout", data=GERMAN | {"credit_card_number": a_card("processing").number})
    path = reply.headers["location"]
    assert "Your payment is on its way" in (await shop.get(path)).text
    bank = path.replace("/order/", "/payment/")
    assert "Has this payment arrived?" in (await shop.get(bank)).text
    assert await state_of(engine, path) == "pending"
    await shop.post(bank, data={"answer": answer}, headers=NAVIGATION)
    assert await state_of(engine, path) == state
    assert words in (await shop.get(path)).text


async def test_the_first_answer_counts_and_the_page_is_gone_then(shop: Client, engine: AsyncEngine, path: str) -> None:
    answers = ["approve", "approve", "approve"]
    replies = await asyncio.gather(*(shop.post(path, data={"answer": answer}) for answer in answers))
    replies.append(await shop.post(path, data={"answer": "refuse"}))
    replies.append(await shop.get(path))
    assert {(reply.status_code, reply.headers["location"]) for reply in replies} == {
        (303, path.replace("/payment/", "/order/"))
    }
    assert await state_of(engine, path) == "paid"


async def test_htmx_is_sent_to_the_order(shop: Client, path: str) -> None:
    reply = await shop.post(path, data={"answer": "approve"}, headers=HTMX)
    assert (reply.status_code, reply.headers["hx-redirect"]) == (204, path.replace("/payment/", "/order/"))


@pytest.mark.parametrize("answer", ["", "yes", "APPROVE"])
async def test_an_answer_that_is_none_changes_nothing(
    shop: Client, engine: AsyncEngine, path: str, answer: str
) -> None:
    assert (await shop.post(path, data={"answer": answer})).status_code == 422
    assert await state_of(engine, path) == "pending"
    assert (await shop.get(path)).status_code == 200


async def test_another_site_cannot_answer(shop: Client, engine: AsyncEngine, path: str) -> None:
    reply = await shop.post(path, data={"answer": "approve"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403
    assert await state_of(engine, path) == "pending"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_payment_that_is_not_there_is_not_found(shop: Client, method: str) -> None:
    reply: httpx.Response = await shop.request(method, "/payment/K3F90QZX7M2TVB8D", data={"answer": "approve"})
    assert reply.status_code == 404


async def test_a_payment_that_was_let_go_stays_so(shop: Client, engine: AsyncEngine, path: str) -> None:
    await DemoPayments(engine).void(number_of(path))
    assert (await shop.post(path, data={"answer": "approve"})).status_code == 303
    assert await state_of(engine, path) == "failed"


async def test_the_number_alone_opens_no_payment(shop: Client, engine: AsyncEngine, path: str) -> None:
    for other in (f"/payment/{number_of(path)}", f"/payment/{number_of(path)}?key=guessed"):
        assert (await shop.get(other)).status_code == 404
        assert (await shop.post(other, data={"answer": "approve"})).status_code == 404
    assert await state_of(engine, path) == "pending"

"""A card's number and security code stay with the payment provider: no log, page, message or table has them.

Cards are paid with along every way that ends well, badly or in a mistake of the program, while everything logs all it
can; then what was said, written and kept is searched.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.demo_cards import DEMO_CARDS
from shop.checkout.payments.provider import Payment, PaymentRequest
from shop.settings import Settings
from tests.fixtures.buyer import GERMAN
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, MakeClient, in_no_time

NUMBERS = (
    "4111111111111111",
    *(card.digits for card in DEMO_CARDS[2:] if card.outcome != "slow"),
    "4111111111111112",
    "6011111111111117",
)
"""One that is nowhere listed, those that do something special, one with a wrong digit, one of another brand."""
LISTED = {card.number for card in DEMO_CARDS}
CVV, AMEX_CVV = "739", "7391"


class BrokenPayments(DemoPayments):
    """A provider with a mistake in it, made with the card in hand."""

    async def authorise(self, request: PaymentRequest) -> Payment:
        raise RuntimeError(f"{request} cannot be paid, says {request.token!r}")


def fields(number: str, **changes: str) -> dict[str, str]:
    cvv = AMEX_CVV if number.startswith("37") else CVV
    return GERMAN | {"credit_card_number": number, "credit_card_cvv": cvv} | changes


def grouped(number: str) -> str:
    return " ".join(re.findall(".{1,4}", number))


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy.engine", "sqlalchemy.pool", "aiosqlite", "asyncio", "shop"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


@pytest.fixture(params=["the demonstration bank", "a broken bank"])
def bank(request: pytest.FixtureRequest, engine: AsyncEngine) -> DemoPayments:
    kind = DemoPayments if request.param == "the demonstration bank" else BrokenPayments
    return kind(engine, sleep=in_no_time)


@pytest.fixture
async def shop(
    make_client: MakeClient, engine: AsyncEngine, database_url: str, bank: DemoPayments
) -> AsyncIterator[Client]:
    await fill(engine, a_product("tide-mug", variant("MUG", price=1900, stock=500)))
    settings = Settings(database_url=database_url, payment_seconds=0.5)
    async with make_client(settings=settings, catalog=None, payments=bank) as client:
        yield client


class Said:
    """All that a shop has answered."""

    def __init__(self, shop: Client) -> None:
        self._shop = shop
        self.text = ""

    async def ask(self, method: str, path: str, **request: Any) -> None:
        reply = await self._shop.request(method, path, **request)
        headers = dict(reply.headers) | {"content-length": "any"}  # it may be that of a security code
        self.text += f"{reply.status_code} {headers} {reply.text}\n"
        if "location" in reply.headers:
            page = await self._shop.get(reply.headers["location"])
            self.text += page.text


async def test_no_log_no_page_and_no_table_has_a_card(
    shop: Client, logged: pytest.LogCaptureFixture, database_url: str, bank: DemoPayments
) -> None:
    said = Said(shop)
    for number in NUMBERS[:2] if isinstance(bank, BrokenPayments) else NUMBERS:
        await shop.post("/cart", data={"product_id": "tide-mug"})
        await said.ask("POST", "/checkout/check", data=fields(number), headers=HTMX | NAVIGATION)
        await said.ask("POST", "/checkout/summary", data=fields(number), headers=NAVIGATION)
        await said.ask("POST", "/cart/checkout", data=fields(number, email="nobody"))
        await said.ask("POST", "/cart/checkout", data=fields(number), headers={"Sec-Fetch-Site": "cross-site"})
        await said.ask("POST", "/cart/checkout", data=fields(number), headers=NAVIGATION)
        await said.ask("POST", "/cart/checkout", data=fields(number) | {"seen": "forged"}, headers=HTMX)
        await said.ask("POST", "/cart/checkout", data=fields(number, credit_card_cvv=f"{CVV}11"))
        await said.ask("POST", "/cart/checkout", data=fields(number, credit_card_expiration_year="2001"))
        await said.ask("POST", "/cart/checkout", data=fields(grouped(number)))
        await said.ask("POST", "/cart/checkout", data=fields(number))
        await said.ask("POST", "/cart/checkout", json=fields(number))
        await said.ask("POST", "/cart/checkout", data=fields(number) | {"city": "x" * 70_000})
        await said.ask("POST", "/cart", data=fields(number))
        await said.ask("POST", "/order", data=fields(number))
    kept = kept_in(Path(make_url(database_url).database or ""))
    assert "Visa" in kept  # there are orders to look through
    assert "INSERT INTO orders" in logged.text
    for text in (without_the_list(said.text), logged.text, kept):
        assert found_in(text) == []


async def test_what_this_looks_for_would_be_found() -> None:
    for number in NUMBERS:
        for text in (
            number,
            f"'{number}'",
            grouped(number),
            f"card={grouped(number).replace(' ', '+')}&",
            f"a{number}b",
        ):
            assert found_in(f"x {text} y")
    assert found_in(f"cvv={CVV}&")
    assert found_in(f'"{AMEX_CVV}"')
    assert found_in(f"cvv:{CVV}.")
    assert not found_in(f"a{CVV}f 1{CVV} {AMEX_CVV}0 12.{AMEX_CVV} 0a1b-{AMEX_CVV}-c2d3")


def found_in(text: str) -> list[str]:
    """The cards in a text, however they are written, and the security codes that are no part of a time or a key."""
    digits = re.sub(r"(?<=\d)[ +-](?=\d)", "", text)
    codes = re.findall(rf"(?<![\w.-])(?:{CVV}|{AMEX_CVV})(?!\w|[.-]\w)", text)
    return [number for number in NUMBERS if number in digits] + codes


def without_the_list(text: str) -> str:
    """The answers without the list of test numbers that a checkout shows to try."""
    for number in LISTED:
        text = text.replace(f"<dt>{number}</dt>", "")
    return text


def kept_in(file: Path) -> str:
    """All tables of a database as text; its files are searched for numbers too."""
    files = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    with closing(sqlite3.connect(file)) as database:
        tables = "\n".join(database.iterdump())
    return tables + "".join(number for number in NUMBERS if number.encode() in files)

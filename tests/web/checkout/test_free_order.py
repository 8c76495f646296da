"""An order that costs nothing asks for no card."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.exchange_rates import read_rates
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.totals import CouponTerms
from tests.fixtures.buyer import BARE, GERMAN, Buyer, seen_in
from tests.fixtures.shop_app import HTMX, Client

CARDLESS = {name: value for name, value in BARE.items() if not name.startswith("credit_card")}


@pytest.fixture
async def free(buyer: Buyer, client: Client, sqlite_engine: AsyncEngine) -> Buyer:
    """A shopper whose coupon pays for the goods and the cheapest shipping."""
    everything = Coupon("ALL", CouponTerms(percent=10_000, free_shipping=True))
    await Coupons(sqlite_engine, read_rates()).add([everything])
    assert (await client.post("/cart/coupon", data={"code": "all"})).status_code == 303
    return buyer


async def test_the_page_asks_for_no_card_and_says_so(free: Buyer) -> None:
    page = await free.opens()
    assert "There is nothing to pay: no card is needed." in page.text
    assert "credit_card" not in page.text
    assert "Place order · €0.00" in page.text


async def test_it_is_placed_without_a_card_and_without_the_bank(free: Buyer) -> None:
    form = {name: value for name, value in GERMAN.items() if not name.startswith("credit_card")}
    reply = await free.submits(form | {"seen": seen_in(await free.opens()), "method": "standard"})
    assert reply.status_code == 303
    assert await free.states() == ["paid"]
    assert await free.charges() == 0


async def test_a_program_sends_no_card_either(free: Buyer, client: Client) -> None:
    assert (await client.post("/cart/checkout", data=CARDLESS)).status_code == 303
    assert await free.states() == ["paid"]


async def test_a_card_that_is_sent_all_the_same_is_not_looked_at(free: Buyer, client: Client) -> None:
    assert (await client.post("/cart/checkout", data=BARE | {"credit_card_cvv": "x"})).status_code == 303


async def test_other_mistakes_are_told_without_the_cards(free: Buyer, client: Client) -> None:
    reply = await client.post("/cart/checkout", data=CARDLESS | {"city": ""})
    assert reply.status_code == 422
    assert "There is one problem" in reply.text


async def test_the_card_comes_with_a_method_that_costs_something_and_goes_again(free: Buyer, client: Client) -> None:
    express = {"country": "DE", "method": "express"}
    reply = await client.post("/checkout/summary", data=express | {"free": "1"}, headers=HTMX)
    assert 'hx-target="#checkout-payment"' in reply.text
    assert 'name="credit_card_number"' in reply.text
    still = await client.post("/checkout/summary", data=express, headers=HTMX)
    assert "checkout-payment" not in still.text, "what was typed stays"
    back = await client.post("/checkout/summary", data={"country": "DE", "method": "standard"}, headers=HTMX)
    assert 'hx-target="#checkout-payment"' in back.text
    assert "no card is needed" in back.text


async def test_without_javascript_the_card_is_asked_for_with_the_new_total(free: Buyer) -> None:
    form = {name: value for name, value in GERMAN.items() if not name.startswith("credit_card")}
    reply = await free.submits(form | {"seen": seen_in(await free.opens()), "method": "express"})
    assert reply.status_code == 409
    assert "Please check once more" in reply.text
    assert 'name="credit_card_number"' in reply.text
    assert "Please enter the number of your card" not in reply.text
    ordered = await free.submits(GERMAN | {"seen": seen_in(reply), "method": "express"})
    assert ordered.status_code == 303
    assert await free.charges() == 1

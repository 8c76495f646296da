"""The order itself: nothing is charged that was not shown, nothing twice, and whatever goes wrong is said."""

from __future__ import annotations

import asyncio
import re

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.cart.model import Cart, Change, Purchase
from shop.catalog.schema import products, variants
from shop.checkout.payments.demo import DemoPayments
from shop.database import writing
from shop.errors import StoreUnavailable
from shop.settings import Settings
from shop.web.checkout import place_order
from tests.fixtures.buyer import BARE, GERMAN, Buyer, error_in, seen_in, value_in
from tests.fixtures.order_scene import HeldPayments
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, CountingCarts, MakeClient

ORDER = re.compile(r"/order/[0-9A-HJKMNP-TV-Z]{16}\?key=[\w-]{20}")


async def reprice(database: AsyncEngine, sku: str, price: int) -> None:
    async with writing(database) as connection:
        await connection.execute(variants.update().where(variants.c.sku == sku).values(price=price))


async def left_in_cart(client: Client) -> str:
    page = (await client.get("/cart")).text
    return page.partition('id="cart-badge" class="badge">')[2].partition("<")[0]


class TestAProgram:
    """It sends no token and no header of a browser: curl, a load generator."""

    async def test_orders_at_once(self, buyer: Buyer, client: Client) -> None:
        reply = await client.post("/cart/checkout", data=BARE)
        assert reply.status_code == 303
        assert ORDER.fullmatch(reply.headers["location"])
        receipt = await client.get(reply.headers["location"])
        assert receipt.status_code == 200
        assert "Thank you" in receipt.text
        assert await buyer.states() == ["paid"]
        assert await left_in_cart(client) == ""
        assert await buyer.stock("TIDE-MUG") == 8

    @pytest.mark.parametrize("country", ["United States", "Deutschland", "Ελλάδα", "🇫🇷"])
    async def test_may_be_anywhere(self, buyer: Buyer, client: Client, country: str) -> None:
        reply = await client.post("/cart/checkout", data=BARE | {"country": country, "zip_code": "any text"})
        assert reply.status_code == 303
        assert country in (await client.get(reply.headers["location"])).text

    @pytest.mark.parametrize("country", ["Freedonia", "Canadaa", "Germny", ""])
    async def test_is_asked_again_for_a_country_that_is_not_understood(
        self, buyer: Buyer, client: Client, country: str
    ) -> None:
        reply = await client.post("/cart/checkout", data=BARE | {"country": country})
        assert reply.status_code == 422
        assert "country" in error_in(reply, "country")
        assert value_in(reply, "country") == country
        assert value_in(reply, "street_address") == BARE["street_address"]
        assert await buyer.states() == []

    async def test_that_repeats_its_key_gets_its_order_again(self, buyer: Buyer, client: Client) -> None:
        key = {"Idempotency-Key": "one try"}
        first = await client.post("/cart/checkout", data=BARE, headers=key)
        second = await client.post("/cart/checkout", data=BARE, headers=key)
        assert first.headers["location"] == second.headers["location"]
        assert await buyer.charges() == 1

    async def test_that_sends_another_order_with_a_used_key_orders_nothing(self, buyer: Buyer, client: Client) -> None:
        key = {"Idempotency-Key": "one try"}
        first = await client.post("/cart/checkout", data=BARE, headers=key)
        await buyer.adds("tide-mug", 3)
        for form in (BARE, BARE | {"city": "Cork"}):
            again = await client.post("/cart/checkout", data=form, headers=key)
            assert again.status_code == 422
            assert "This Idempotency-Key belongs to another order." in again.text
        assert await buyer.states() == ["paid"]
        assert await left_in_cart(client) == "3"
        new = await client.post("/cart/checkout", data=BARE, headers={"Idempotency-Key": "another"})
        assert new.status_code == 303
        assert new.headers["location"] != first.headers["location"]

    @pytest.mark.parametrize("changed", [{"city": "Cork"}, {"credit_card_number": "4242 4242 4242 4242"}])
    async def test_that_repeats_its_key_with_another_form_is_refused(
        self, buyer: Buyer, client: Client, changed: dict[str, str]
    ) -> None:
        key = {"Idempotency-Key": "one try"}
        await client.post("/cart/checkout", data=BARE, headers=key)
        assert (await client.post("/cart/checkout", data=BARE | changed, headers=key)).status_code == 422
        assert await buyer.charges() == 1

    async def test_that_sends_its_key_with_two_forms_at_once_orders_one(self, buyer: Buyer, client: Client) -> None:
        key, forms = {"Idempotency-Key": "one try"}, (BARE, BARE | {"city": "Cork"})
        replies = await asyncio.gather(*(client.post("/cart/checkout", data=form, headers=key) for form in forms * 2))
        assert sorted(reply.status_code for reply in replies) == [303, 303, 422, 422]
        assert await buyer.charges() == 1

    async def test_whose_card_was_declined_needs_a_new_key_for_another(self, buyer: Buyer, client: Client) -> None:
        declined = BARE | {"credit_card_number": "4000 0000 0000 0002"}
        for _ in range(2):
            reply = await client.post("/cart/checkout", data=declined, headers={"Idempotency-Key": "1"})
            assert reply.status_code == 422
            assert "declined this card" in reply.text
        good = await client.post("/cart/checkout", data=BARE, headers={"Idempotency-Key": "1"})
        assert "belongs to another order" in good.text
        assert (await client.post("/cart/checkout", data=BARE, headers={"Idempotency-Key": "2"})).status_code == 303

    async def test_without_a_key_has_nothing_left_to_order(self, buyer: Buyer, client: Client) -> None:
        await client.post("/cart/checkout", data=BARE)
        assert (await client.post("/cart/checkout", data=BARE)).status_code == 422
        assert await buyer.charges() == 1

    async def test_is_told_what_is_wrong(self, buyer: Buyer, client: Client) -> None:
        reply = await client.post("/cart/checkout", data=BARE | {"credit_card_number": "4432-8015-6152-0455"})
        assert reply.status_code == 422
        assert "One of the digits is wrong" in error_in(reply, "credit_card_number")


async def test_what_one_window_is_ordering_another_does_not_order_again(
    make_client: MakeClient, carts: CountingCarts, stocked_url: str, sqlite_engine: AsyncEngine
) -> None:
    bank = HeldPayments(DemoPayments(sqlite_engine))
    settings = Settings(database_url=stocked_url, secret_key="a secret of thirty-two characters")
    async with make_client(settings=settings, catalog=None, payments=bank) as client:
        buyer = Buyer(client, sqlite_engine)
        await buyer.adds("tide-mug", 2)
        first = asyncio.create_task(buyer.orders(await buyer.opens()))
        await bank.asked.wait()
        await buyer.adds("last-jug")
        fuller, before = await buyer.opens(), carts.calls["get"]
        second = asyncio.create_task(buyer.orders(fuller))
        while carts.calls["get"] == before:
            await asyncio.sleep(0.001)
        bank.answer.set()
        assert (await first).status_code == 303

        refused = await second
        assert refused.status_code == 409
        assert "Part of this has just been ordered" in refused.text
        assert await buyer.charges() == 1
        assert (await buyer.orders(refused)).status_code == 303
        assert await buyer.charges() == 2
        assert (await buyer.stock("TIDE-MUG"), await buyer.stock("LAST-JUG")) == (8, 2)


class TestEqualSubmits:
    @pytest.mark.parametrize("headers", [NAVIGATION, HTMX])
    async def test_one_after_the_other_get_one_order(self, buyer: Buyer, headers: dict[str, str]) -> None:
        page = await buyer.opens()
        buyer.headers = headers
        replies = [await buyer.orders(page) for _ in range(3)]
        where = {reply.headers.get("location") or reply.headers["hx-redirect"] for reply in replies}
        assert len(where) == 1
        assert await buyer.charges() == 1

    async def test_at_once_get_one_order(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        replies = await asyncio.gather(*(buyer.orders(page) for _ in range(10)))
        assert {reply.status_code for reply in replies} == {303}
        assert len({reply.headers["location"] for reply in replies}) == 1
        assert await buyer.charges() == 1

    async def test_find_their_order_when_something_else_is_in_the_cart_since(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        first = await buyer.orders(page)
        await buyer.adds("endless-candle")
        second = await buyer.orders(page)
        assert first.headers["location"] == second.headers["location"]
        assert await left_in_cart(buyer.client) == "1"


class TestConsent:
    async def test_a_browser_that_shows_no_token_has_to_look_first(self, buyer: Buyer) -> None:
        for form in ({}, {"seen": ""}, {"seen": "forged"}):
            reply = await buyer.submits(GERMAN | form)
            assert reply.status_code == 409
            assert "check your order once more" in reply.text
        assert await buyer.states() == []

    async def test_a_program_with_a_token_that_is_not_ours_has_to_look_first(
        self, buyer: Buyer, client: Client
    ) -> None:
        assert (await client.post("/cart/checkout", data=BARE | {"seen": "forged"})).status_code == 409

    async def test_the_token_of_another_cart_does_not_count(self, buyer: Buyer, client: Client) -> None:
        page = await buyer.opens()
        client.cookies.clear()
        await buyer.adds("tide-mug", 2)
        assert (await buyer.orders(page)).status_code == 409

    async def test_a_price_that_changed_is_shown_before_anything_is_charged(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        await reprice(buyer.database, "TIDE-MUG", 2100)
        changed = await buyer.orders(page)
        assert changed.status_code == 409
        assert "<title>Checkout · Neap</title>" in changed.text
        assert "Tide Mug: €19.00 before, now €21.00." in changed.text
        assert "The total was €42.90 and is now €46.90." in changed.text
        assert "Confirm and place order · €46.90" in changed.text
        assert value_in(changed, "email") == GERMAN["email"]
        assert await buyer.states() == []

    async def test_what_was_shown_again_can_be_agreed_to(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        await buyer.adds("endless-candle", 2)
        changed = await buyer.orders(page)
        assert changed.status_code == 409
        assert "Endless Candle is new in your order: 2 for €18.00." in changed.text
        ordered = await buyer.orders(changed)
        assert ordered.status_code == 303
        receipt = await buyer.client.get(ordered.headers["location"])
        assert "€62.90" in receipt.text

    async def test_without_javascript_another_country_is_one_more_look(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        changed = await buyer.orders(page, country="USA", state="California")
        assert changed.status_code == 409
        assert "Shipping was" in changed.text
        ordered = await buyer.orders(changed, country="USA", state="California")
        assert ordered.status_code == 303

    async def test_another_name_of_the_same_country_is_the_same(self, buyer: Buyer) -> None:
        assert (await buyer.orders(await buyer.opens(), country=" deutschland ")).status_code == 303

    async def test_mistakes_and_changes_are_told_together(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        await buyer.adds("endless-candle")
        reply = await buyer.orders(page, email="")
        assert reply.status_code == 422
        assert "Endless Candle is new in your order" in reply.text
        assert "Confirm and place order" in reply.text


class TestWhatCannotBeOrdered:
    async def test_a_declined_card_can_be_followed_by_another(self, buyer: Buyer) -> None:
        declined = await buyer.orders(await buyer.opens(), credit_card_number="4000 0000 0000 0002")
        assert declined.status_code == 422
        assert "Nothing was charged" in error_in(declined, "credit_card_number")
        assert '<a href="#credit_card_number">' in declined.text
        assert value_in(declined, "city") == GERMAN["city"]
        assert "reserved for you" in declined.text
        assert await buyer.stock("TIDE-MUG") == 8
        ordered = await buyer.orders(declined)
        assert ordered.status_code == 303
        assert await buyer.states() == ["failed", "paid"]
        assert await buyer.charges() == 1

    async def test_what_is_sold_out_meanwhile_is_named(self, buyer: Buyer) -> None:
        await buyer.adds("last-jug", 3)
        page = await buyer.opens()
        async with writing(buyer.database) as connection:
            await connection.execute(text("DELETE FROM reservations"))
            await connection.execute(variants.update().where(variants.c.sku == "LAST-JUG").values(stock=1))
        refused = await buyer.orders(page)
        assert refused.status_code == 422
        assert "Only 1 of Last Jug left, and you want 3." in refused.text
        assert "Nothing was ordered or charged." in refused.text
        assert 'id="place-order"' not in refused.text
        assert await buyer.states() == []

    async def test_what_is_no_longer_sold_is_named_before_the_rest_is_ordered(self, buyer: Buyer) -> None:
        await buyer.adds("endless-candle")
        page = await buyer.opens()
        async with writing(buyer.database) as connection:
            gone = products.update().where(products.c.handle == "endless-candle").values(published=False)
            await connection.execute(gone)
        refused = await buyer.orders(page)
        assert refused.status_code == 422
        assert "Endless Candle is sold out." in refused.text
        assert await buyer.states() == []

    async def test_a_coupon_that_is_used_up_says_so_and_leaves(self, buyer: Buyer, client: Client) -> None:
        await client.post("/cart/coupon", data={"code": "once"})
        assert (await buyer.orders(await buyer.opens())).status_code == 303
        await buyer.adds("tide-mug")
        await client.post("/cart/coupon", data={"code": "once"})
        page = await buyer.opens()
        assert "Coupon ONCE" in page.text
        refused = await buyer.orders(page)
        assert refused.status_code == 409
        assert "The coupon ONCE has already been used with this e-mail address." in refused.text
        assert "The total was" in refused.text
        assert "Coupon ONCE" not in refused.text
        assert await buyer.states() == ["paid"]
        assert (await buyer.orders(refused)).status_code == 303


class TestWhenSomethingDoesNotAnswer:
    async def test_a_silent_bank_leads_to_an_order_that_tells_the_truth(self, buyer: Buyer) -> None:
        reply = await buyer.orders(await buyer.opens(), credit_card_number="4000 0000 0000 3337")
        assert reply.status_code == 303
        page = await buyer.client.get(reply.headers["location"])
        assert "We are waiting for your bank" in page.text
        assert "Thank you" not in page.text
        assert await left_in_cart(buyer.client) == "2"

    async def test_the_form_comes_back_as_it_was_typed(
        self, make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine
    ) -> None:
        class AwayCarts(CountingCarts):
            away = False

            async def get(self, cart_id: str) -> Cart:
                if self.away:
                    raise StoreUnavailable("The store of carts does not answer.")
                return await super().get(cart_id)

        carts, settings = AwayCarts(), Settings(database_url=stocked_url, secret_key="x" * 32)
        async with make_client(settings=settings, catalog=None, carts=carts) as client:
            buyer = Buyer(client, sqlite_engine)
            await buyer.adds("tide-mug", 2)
            page = await buyer.opens()
            carts.away = True
            reply = await buyer.orders(page)
            assert reply.status_code == 503
            assert reply.headers["retry-after"] == "5"
            assert "The store of carts does not answer." in reply.text
            assert "Nothing was ordered or charged." in reply.text
            assert value_in(reply, "street_address") == GERMAN["street_address"]
            assert "Place order · €42.90" in reply.text
            assert seen_in(reply) == seen_in(page)
            carts.away = False
            ordered = await buyer.orders(reply)
            assert ordered.status_code == 303
            carts.away = True
            again = await buyer.orders(reply)
            assert again.headers["location"] == ordered.headers["location"], "it is not said that nothing was ordered"

    async def test_what_was_ordered_leaves_the_cart_although_the_process_died_before_that(
        self, make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine
    ) -> None:
        class DyingCarts(CountingCarts):
            dies = True

            async def apply(self, cart_id: str, change: Change) -> Cart:
                if isinstance(change, Purchase) and self.dies:
                    raise StoreUnavailable("The process has ended.")
                return await super().apply(cart_id, change)

        carts, settings = DyingCarts(), Settings(database_url=stocked_url, secret_key="x" * 32)
        async with make_client(settings=settings, catalog=None, carts=carts) as client:
            buyer = Buyer(client, sqlite_engine)
            await buyer.adds("tide-mug", 2)
            first = await client.post("/cart/checkout", data=BARE)
            assert await buyer.states() == ["placed"]
            assert "cart_latest" not in first.cookies, "nobody has been shown a cart without it"
            carts.dies = False
            second = await client.post("/cart/checkout", data=BARE)
            assert second.headers["location"] == first.headers["location"]
            assert "cart_latest" in second.cookies
            assert await left_in_cart(client) == ""

    async def test_a_cart_that_lacks_what_was_shown_is_not_ordered(
        self, make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class BehindCarts(CountingCarts):
            looks = 0
            """How often it is looked at until it is whole."""

            async def get(self, cart_id: str) -> Cart:
                self.looks -= 1
                return msgspec.structs.replace(await super().get(cart_id), behind=self.looks >= 0)

        monkeypatch.setattr(place_order, "BEHIND_SECONDS", (0.0, 0.0))
        carts, settings = BehindCarts(), Settings(database_url=stocked_url, secret_key="x" * 32)
        async with make_client(settings=settings, catalog=None, carts=carts) as client:
            buyer = Buyer(client, sqlite_engine)
            await buyer.adds("tide-mug", 2)
            page = await buyer.opens()
            carts.looks = 10_000
            reply = await buyer.orders(page)
            assert reply.status_code == 503
            assert reply.text.count("Please try again in a moment") == 1
            assert "Some of your cart cannot be shown just now, so it cannot be ordered." in reply.text
            assert "Nothing was ordered or charged." in reply.text
            assert value_in(reply, "street_address") == GERMAN["street_address"]
            assert await buyer.states() == []
            carts.looks = 2
            assert (await buyer.orders(reply)).status_code == 303, "it came to be whole while the order waited"


class TestTheBankThatAsks:
    async def test_the_checkout_says_which_order_still_waits_for_it(self, buyer: Buyer) -> None:
        assert "href='/order/" not in (await buyer.opens()).text
        reply = await buyer.orders(await buyer.opens(), credit_card_number="4000 0000 0000 3220")
        number = reply.headers["location"].removeprefix("/payment/")
        assert f"href='/order/{number}'" in (await buyer.opens()).text
        await buyer.submits_to(f"/payment/{number}", answer="refuse")
        assert number not in (await buyer.opens()).text

    async def test_the_shopper_is_sent_there_and_comes_back_to_the_receipt(self, buyer: Buyer) -> None:
        reply = await buyer.orders(await buyer.opens(), credit_card_number="4000 0000 0000 3220")
        assert reply.status_code == 303
        assert reply.headers["location"].startswith("/payment/")
        assert "Approve" in (await buyer.client.get(reply.headers["location"])).text
        number = reply.headers["location"].removeprefix("/payment/")
        waiting = await buyer.client.get(f"/order/{number}")
        assert "Your bank asks you to confirm" in waiting.text
        assert f'href="/payment/{number}">Confirm with your bank' in waiting.text

        answered = await buyer.submits_to(reply.headers["location"], answer="approve")
        assert answered.headers["location"] == f"/order/{number}"
        receipt = await buyer.client.get(answered.headers["location"])
        assert "Thank you" in receipt.text
        assert buyer.client.cookies["cart_count"] == "0"


async def test_another_site_cannot_order(buyer: Buyer) -> None:
    page = await buyer.opens()
    reply = await buyer.submits(GERMAN | {"seen": seen_in(page)}, **{"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403
    assert await buyer.states() == []

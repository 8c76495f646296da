"""The checkout's page and its fields: what it comes to, what is wrong, and nothing lost of what was typed."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.settings import Settings
from shop.web.checkout.demo_card_fields import DEMO_CARD
from tests.fixtures.buyer import BARE, GERMAN, Buyer, error_in, seen_in, value_in
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, Clock, MakeClient

EMPTY_CARD = {name: "" for name in GERMAN if name.startswith("credit_card")}


def rows(text: str) -> dict[str, str]:
    """What the parts of the total come to, and the total."""
    return dict(re.findall(r'<div class="bill__row[^>]*><dt>([^<]*?)(?: <span.*?)?</dt><dd>([^<]*)</dd>', text))


def moment(text: str) -> float:
    """Until when the items are set aside, seconds since the epoch."""
    (iso,) = re.findall(r"reserved for you until <time datetime='([^']+)' data-clock>", text)
    return datetime.fromisoformat(iso).timestamp()


async def on_sale(buyer: Buyer, units: int) -> None:
    """Wait until there are so many mugs: a reply does not wait for a slow database."""
    async with asyncio.timeout(10):
        while await buyer.stock("TIDE-MUG") != units:
            await asyncio.sleep(0.01)


class TestThePage:
    async def test_an_empty_cart_has_nothing_to_order_and_begins_no_session(self, client: Client) -> None:
        page = await client.get("/checkout")
        assert page.status_code == 200
        assert "Your cart is empty" in page.text
        assert '<form id="checkout-form"' not in page.text
        assert "set-cookie" not in page.headers

        posted = await client.post("/cart/checkout", data=BARE)
        assert posted.status_code == 422
        assert "Your cart is empty" in posted.text

    async def test_shows_what_it_comes_to(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        assert page.status_code == 200
        assert rows(page.text) == {"Subtotal": "€38.00", "Shipping, Germany": "€4.90", "Total": "€42.90"}
        assert "It includes VAT 19%" in page.text
        assert "Place order · €42.90" in page.text

    async def test_shows_every_field_with_its_label_and_its_limit(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        shown = re.findall(r'<label class="field__label" for="(\w+)">([^<]*?)(?: <span|</label>)', page.text)
        limits = re.findall(
            r'<(?:input|textarea) class="field__input" id="(\w+)" name="\1" maxlength="(\d+)"', page.text
        )
        typed = {name: field for name, field in DEMO_CARD.all.items() if field.kind != "country"}
        assert shown == [(name, field.label) for name, field in DEMO_CARD.all.items()]
        assert limits == [(name, str(field.length)) for name, field in typed.items()]

    async def test_reserves_nothing(self, buyer: Buyer, client: Client) -> None:
        await buyer.adds("last-jug", 3)
        page = await buyer.opens()
        await client.head("/checkout")
        await client.post("/checkout/summary", data=GERMAN)
        assert "reserved for you" not in page.text
        assert (await buyer.stock("TIDE-MUG"), await buyer.stock("LAST-JUG")) == (10, 3)

    async def test_one_client_takes_nothing_off_sale(self, buyer: Buyer, client: Client) -> None:
        """Every way to keep goods without paying for them: opened, declined, left at the bank, again and again."""
        for card in ["", "4000 0000 0000 0002", "4000 0000 0000 3220", "", "4000 0000 0000 3220"] * 12:
            client.cookies.clear()
            await buyer.adds("tide-mug", await buyer.stock("TIDE-MUG"))
            await buyer.adds("last-jug", await buyer.stock("LAST-JUG"))
            page = await buyer.opens()
            if card:
                await buyer.orders(page, credit_card_number=card)
        assert await buyer.stock("TIDE-MUG") >= 5
        assert await buyer.stock("LAST-JUG") >= 1
        client.cookies.clear()
        await buyer.adds("tide-mug", 5)
        await buyer.adds("last-jug", 1)
        assert (await buyer.orders(await buyer.opens())).headers["location"].startswith("/order/")

    async def test_after_a_declined_card_the_goods_are_kept_for_another_try(self, buyer: Buyer, clock: Clock) -> None:
        declined = await buyer.orders(await buyer.opens(), credit_card_number="4000 0000 0000 0002")
        assert moment(declined.text) == clock() + 600
        assert await buyer.stock("TIDE-MUG") == 8

        clock.now += 60
        again = await buyer.opens()
        assert moment(again.text) == moment(declined.text), "opening the page makes it no later"
        assert await buyer.stock("TIDE-MUG") == 8
        assert "sold out" not in again.text
        assert (await buyer.orders(await buyer.opens())).status_code == 303
        assert await buyer.stock("TIDE-MUG") == 8

    @pytest.mark.parametrize(
        "way", ["/cart/lines/TIDE-MUG/remove", "/cart/lines/TIDE-MUG/save", "/cart/empty", "/logout"]
    )
    async def test_what_goes_from_the_cart_is_on_sale_at_once(self, buyer: Buyer, client: Client, way: str) -> None:
        await buyer.orders(await buyer.opens(), credit_card_number="4000 0000 0000 0002")
        assert await buyer.stock("TIDE-MUG") == 8
        await client.post("/cart/lines/TIDE-MUG", data={"quantity": "1"})
        await on_sale(buyer, 9)
        await client.post(way)
        await on_sale(buyer, 10)

    async def test_reserves_nothing_in_a_shop_that_does_not_want_that(
        self, make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine
    ) -> None:
        settings = Settings(database_url=stocked_url, reservation_seconds=0)
        async with make_client(settings=settings, catalog=None) as client:
            buyer = Buyer(client, sqlite_engine)
            await buyer.adds("tide-mug", 2)
            page = await buyer.orders(await buyer.opens(), credit_card_number="4000 0000 0000 0002")
            assert "set aside" not in page.text
            assert await buyer.stock("TIDE-MUG") == 10
            assert (await buyer.orders(page)).status_code == 303
            assert await buyer.stock("TIDE-MUG") == 8

    @pytest.mark.parametrize(
        ("headers", "currency", "country"),
        [
            ({"Accept-Language": "fr-FR,fr;q=0.9"}, "", "France"),
            ({"Accept-Language": "en-US"}, "GBP", "United Kingdom"),
            ({"Accept-Language": "*;q=nonsense,-,xx-QQ"}, "", "Germany"),
            ({}, "JPY", "Japan"),
        ],
    )
    async def test_guesses_the_country_and_says_so(
        self, buyer: Buyer, client: Client, headers: dict[str, str], currency: str, country: str
    ) -> None:
        if currency:
            client.cookies.set("currency", currency)
        page = await client.get("/checkout", headers=headers)
        assert f'<option value="{value_in(page, "country")}" selected>{country}</option>' in page.text
        assert f"Estimated for {country}." in page.text

    async def test_fields_help_to_type(self, buyer: Buyer) -> None:
        page = (await buyer.opens()).text
        for name, autocomplete in {
            "email": "email",
            "street_address": "shipping address-line1",
            "zip_code": "shipping postal-code",
            "country": "shipping country",
            "credit_card_number": "cc-number",
            "credit_card_expiration_month": "cc-exp-month",
            "credit_card_cvv": "cc-csc",
        }.items():
            field = re.search(rf'<(?:input|select)[^>]*id="{name}"[^>]*>', page, re.DOTALL)
            assert field is not None
            assert f'autocomplete="{autocomplete}"' in field[0]
            assert f'<label class="field__label" for="{name}"' in page
        assert '<option value="DE" selected>Germany</option>' in page
        assert '<option value="AF">Afghanistan</option>' in page
        assert "This is a demonstration" in page
        assert "4000 0000 0000 0002" in page

    async def test_is_kept_by_nobody_else(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        assert page.headers["cache-control"] == "private, no-cache"
        assert 'name="robots" content="noindex"' in page.text
        refused = await buyer.orders(page, email="")
        assert refused.headers["cache-control"] == "no-store"


class TestAnotherCountry:
    async def test_swaps_the_summary_with_a_token_of_its_own(self, buyer: Buyer, client: Client) -> None:
        page = await buyer.opens()
        reply = await client.post("/checkout/summary", data={"country": "usa", "method": "standard"}, headers=HTMX)
        assert reply.status_code == 200
        assert "<html" not in reply.text
        for target in ("#checkout-summary", "#checkout-shipping", "#checkout-place", "#country-error", "#cart-badge"):
            assert f'hx-target="{target}"' in reply.text
        assert rows(reply.text)["Shipping, United States"] != rows(page.text)["Shipping, Germany"]
        assert "Tax and duties may be due on arrival." in reply.text
        assert seen_in(reply) != seen_in(page)
        assert 'id="country"' not in reply.text, "what was chosen is left alone"

    async def test_one_that_is_not_known_is_asked_again_and_the_totals_are_those_of_the_guess(
        self, buyer: Buyer, client: Client
    ) -> None:
        reply = await client.post("/checkout/summary", data={"country": "Germny"}, headers=HTMX)
        assert error_in(reply, "country") == "We do not know the country “Germny”. Did you mean Germany?"
        assert rows(reply.text)["Shipping, Germany"] == "€4.90"
        assert "Estimated for Germany." in reply.text

    @pytest.mark.parametrize(
        "country",
        [
            "DE",
            "Deutschland",
            "Γερμανία",
            "ألمانيا",
            "ドイツ",
            "德国",
            "เยอรมนี",
            "🇩🇪",
            "Germany (DE)",
            "ＤＥ\u200f",
        ],
    )
    async def test_is_understood_in_every_language(self, client: Client, buyer: Buyer, country: str) -> None:
        reply = await client.post("/checkout/summary", data={"country": country}, headers=HTMX)
        assert rows(reply.text)["Shipping, Germany"] == "€4.90"
        assert error_in(reply, "country") == ""

    async def test_another_way_of_shipping_has_its_price(self, buyer: Buyer, client: Client) -> None:
        form = {"country": "Germany", "method": "express"}
        reply = await client.post("/checkout/summary", data=form, headers=HTMX)
        assert rows(reply.text)["Shipping, Germany"] == "€12.90"
        assert re.search(r'id="method-express"[^>]* checked', reply.text)

    async def test_of_a_cart_emptied_meanwhile_says_that(self, buyer: Buyer, client: Client) -> None:
        await client.post("/cart/empty")
        reply = await client.post("/checkout/summary", data={"country": "Germany"}, headers=HTMX)
        assert 'hx-target="#checkout"' in reply.text
        assert "Your cart is empty" in reply.text


class TestALookAtAField:
    async def test_says_what_is_wrong_with_what_was_typed_and_leaves_it_alone(self, client: Client) -> None:
        form = {"email": "nobody", "city": "", "credit_card_cvv": "123"}
        reply = await client.post("/checkout/check", data=form, headers=HTMX)
        assert reply.status_code == 200
        assert reply.text.count("<hx-partial") == 4
        assert 'hx-target="#email-field" hx-swap="outerMorph"' in reply.text
        assert error_in(reply, "email") == "An e-mail address looks like name@example.com."
        assert error_in(reply, "city") == error_in(reply, "credit_card_cvv") == ""
        assert reply.text.count("aria-invalid") == 1
        assert '<p class="visually-hidden">An e-mail address looks like name@example.com.</p>' in reply.text, (
            "heard too"
        )
        assert all(value_in(reply, name) is None for name in form), "the browser has it"

    async def test_says_nothing_where_nothing_is_wrong(self, client: Client) -> None:
        reply = await client.post("/checkout/check", data={"city": "Cork"}, headers=HTMX)
        assert reply.text.count("<hx-partial") == 1, "words that are still to be read stay where they are"


class TestWhatIsWrong:
    async def test_is_said_at_the_top_and_at_each_field_and_nothing_typed_is_lost(self, buyer: Buyer) -> None:
        page = await buyer.orders(await buyer.opens(), email="some<one", city="", credit_card_cvv="1")
        assert page.status_code == 422
        assert "<title>Error: Checkout · Neap</title>" in page.text
        assert "There are 3 problems" in page.text
        assert "Nothing was ordered or charged." in page.text
        for name in ("email", "city", "credit_card_cvv"):
            assert f'<a href="#{name}">{error_in(page, name)}</a>' in page.text
            assert re.search(rf'id="{name}"[^>]*aria-invalid="true" aria-describedby="{name}-error', page.text)
        assert value_in(page, "email") == "some&lt;one"
        assert value_in(page, "street_address") == GERMAN["street_address"]
        assert value_in(page, "credit_card_expiration_year") == "2039"
        assert value_in(page, "credit_card_number") is None
        assert value_in(page, "credit_card_cvv") is None
        assert "never sent back" in page.text
        assert 'id="alert" tabindex="-1" autofocus' in page.text
        assert await buyer.states() == []

    async def test_is_said_before_what_has_changed_meanwhile(self, buyer: Buyer) -> None:
        page = await buyer.orders(await buyer.opens(), email="nobody", country="Canada")
        words = (
            "Nothing was ordered",
            "An e-mail address looks like",
            "Something has also changed",
            "is now Canada",
        )
        places = [page.text.index(each) for each in words]
        assert places == sorted(places)

    async def test_comes_as_a_fragment_to_htmx_which_keeps_the_card_in_the_browser(self, buyer: Buyer) -> None:
        page = await buyer.opens()
        buyer.headers = HTMX
        reply = await buyer.orders(page, city="")
        assert reply.status_code == 422
        assert "<html" not in reply.text
        assert '<hx-partial hx-target="#checkout" hx-swap="outerMorph">' in reply.text
        assert '<hx-partial hx-target="title" hx-swap="textContent">Error: Checkout' in reply.text
        assert "never sent back" not in reply.text
        assert "autofocus" not in reply.text
        assert value_in(reply, "credit_card_number") is None

    async def test_a_form_with_nothing_in_it_names_everything_that_is_needed(self, buyer: Buyer) -> None:
        nothing = dict.fromkeys(GERMAN, "")
        page = await buyer.orders(await buyer.opens(), **nothing)
        needed = set(GERMAN) - {"state"}
        assert {name for name in GERMAN if error_in(page, name)} == needed

    async def test_a_name_is_needed_of_those_only_who_are_asked_for_one(self, buyer: Buyer) -> None:
        page = await buyer.orders(await buyer.opens(), name=" ")
        assert error_in(page, "name") == "Please enter the name of the recipient."
        unasked = {name: value for name, value in GERMAN.items() if name != "name"}
        ordered = await buyer.submits(unasked | {"seen": seen_in(page)})
        assert ordered.status_code == 303

    @pytest.mark.parametrize("headers", [NAVIGATION, HTMX])
    async def test_a_card_is_never_in_a_page(self, buyer: Buyer, headers: dict[str, str]) -> None:
        secrets = {"credit_card_number": "4111111111111111", "credit_card_cvv": "98765"}
        page = await buyer.opens()
        buyer.headers = headers
        forms = [{}, {"email": ""}, {"seen": "forged"}, {"credit_card_number": "4111 1111 1111 1112"}]
        for form in forms:
            reply = await buyer.orders(page, **(secrets | form))
            assert reply.status_code in (409, 422)
            assert not re.search("4111|98765", reply.text + str(reply.headers))
        for path in ("/checkout/check", "/checkout/summary"):
            looked = await buyer.client.post(path, data=GERMAN | secrets, headers=headers)
            assert not re.search("4111|98765", looked.text)

"""The checkout's form for another country: its fields, a question that the shopper may overrule, and no JavaScript."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.buyer import GERMAN, Buyer, seen_in
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client

AMERICAN = GERMAN | {"country": "US", "state": "California", "zip_code": "94043", "city": "Mountain View"}


def labels(page: str) -> list[str]:
    """The names of postal code, city and state as the form shows them, in its order."""
    part = page.partition('id="checkout-place-fields"')[2].partition('id="country-field"')[0]
    return [" ".join(re.sub("<[^>]*>", " ", each).split()) for each in re.findall("<label.*?</label>", part, re.DOTALL)]


async def test_without_javascript_the_form_comes_back_for_another_country(buyer: Buyer, client: Client) -> None:
    page = await buyer.opens()
    assert labels(page.text) == ["Postal code", "City", "State or province (optional)"]
    assert 'formaction="/checkout/summary"' in page.text
    again = await client.post("/checkout/summary", data=AMERICAN | {"name": "Ada Example"}, headers=NAVIGATION)
    assert again.status_code == 200
    assert labels(again.text) == ["City", "State", "ZIP code"]
    for typed in ("Ada Example", "Deichweg 7", "94043", "Mountain View", "California"):
        assert f'value="{typed}"' in again.text


async def test_with_htmx_the_fields_change_and_the_browser_keeps_what_was_typed(buyer: Buyer, client: Client) -> None:
    await buyer.opens()
    sent = {"country": "AE", "method": "standard", "zip_code": "", "city": "Deira", "state": ""}
    reply = await client.post("/checkout/summary", data=sent, headers=HTMX)
    assert labels(reply.text) == ["Emirate", "Postal code (optional)", "City (optional)"]
    assert "Deira" not in reply.text
    assert 'class="field__error" id="state-error"></p>' in reply.text, "nothing is missing before it is sent"


async def test_a_postal_code_that_looks_wrong_is_asked_about_once(buyer: Buyer) -> None:
    form = GERMAN | {"zip_code": "1010", "seen": seen_in(await buyer.opens()), "method": "standard"}
    asked = await buyer.submits(form)
    assert asked.status_code == 422
    assert "does not look like a postal code of Germany" in asked.text
    (confirmed,) = re.findall('name="zip_code_confirmed" value="([^"]*)"', asked.text)
    meant = await buyer.submits(form | {"seen": seen_in(asked), "zip_code_confirmed": confirmed})
    assert meant.status_code == 303


@pytest.mark.parametrize(("country", "missing"), [("US", "state"), ("AE", "state"), ("DE", "zip_code")])
async def test_what_addresses_of_a_country_need_is_required(buyer: Buyer, country: str, missing: str) -> None:
    form = AMERICAN | {"country": country, missing: "", "seen": seen_in(await buyer.opens()), "method": "standard"}
    reply = await buyer.submits(form)
    assert reply.status_code == 422
    assert f'href="#{missing}"' in reply.text


async def test_no_postal_code_is_asked_for_where_there_is_none(buyer: Buyer) -> None:
    form = GERMAN | {"country": "AE", "zip_code": "", "city": "", "state": "Dubai", "method": "standard"}
    reply = await buyer.submits(form | {"seen": seen_in(await buyer.opens())})
    assert 'href="#zip_code"' not in reply.text
    assert 'href="#city"' not in reply.text

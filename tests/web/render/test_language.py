"""The language of each request: its source, its cookie, and no mixture in pages and e-mails."""

from __future__ import annotations

import asyncio
import re

import pytest

from shop.checkout.mail.outbox import Outbox
from shop.errors import ConfigurationError
from shop.settings import Settings
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, MakeClient

GERMAN, ARABIC = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}, {"Accept-Language": "ar-EG"}
TITLE = {"en": "Things for the home", "de": "Dinge fürs Zuhause", "ar": "أشياء للبيت"}
NOWHERE = "sqlite+aiosqlite:///never-opened.db"


def language_of(page: str) -> tuple[str, str]:
    found = re.search(r'<html lang="([\w-]+)" dir="(\w+)">', page)
    assert found is not None
    return found[1], found[2]


async def test_without_a_choice_the_browser_decides(shop: Client) -> None:
    assert language_of((await shop.get("/")).text) == ("en", "ltr")
    assert language_of((await shop.get("/", headers=GERMAN)).text) == ("de", "ltr")
    assert language_of((await shop.get("/", headers=ARABIC)).text) == ("ar", "rtl")
    assert language_of((await shop.get("/", headers={"Accept-Language": "fr"})).text) == ("en", "ltr")


async def test_a_language_in_the_address_counts_and_is_stored(shop: Client) -> None:
    reply = await shop.get("/product/tide-mug?lang=de", headers=ARABIC)
    assert language_of(reply.text) == ("de", "ltr")
    assert "language=de; Path=/" in reply.headers["set-cookie"]
    assert language_of((await shop.get("/cart", headers=ARABIC)).text) == ("de", "ltr")
    assert "set-cookie" not in (await shop.get("/?lang=de")).headers


async def test_an_address_that_leads_nowhere_is_not_remembered(shop: Client) -> None:
    for path in ("/product/never-made", "/never-made"):
        reply = await shop.get(f"{path}?lang=de")
        assert (reply.status_code, language_of(reply.text)) == (404, ("de", "ltr"))
        assert "set-cookie" not in reply.headers


async def test_a_file_that_anyone_may_cache_sets_no_cookie(shop: Client) -> None:
    reply = await shop.get("/static/css/shop.css?lang=de")
    assert (reply.status_code, "set-cookie" in reply.headers) == (200, False)


@pytest.mark.parametrize("lang", ["", "xx", "../de", "DE", "%00", "de" * 3000])
async def test_an_unknown_language_in_the_address_is_ignored(shop: Client, lang: str) -> None:
    reply = await shop.get(f"/?lang={lang}")
    assert language_of(reply.text) == ("en", "ltr")
    assert "set-cookie" not in reply.headers


async def test_a_publicly_cacheable_reply_sets_no_cookie(shop: Client) -> None:
    for path in ("/static/css/shop.css", "/sitemap.xml", "/robots.txt", "/healthz"):
        reply = await shop.get(f"{path}?lang=de")
        assert (reply.status_code, "set-cookie" in reply.headers) == (200, False)


async def test_a_long_accept_language_is_cut_between_languages(shop: Client) -> None:
    wish = f"de-AT,{'x' * 186},de;q=0.5"
    assert wish[:200].endswith(",de;q=0.")
    assert language_of((await shop.get("/", headers={"Accept-Language": wish})).text) == ("de", "ltr")


async def test_the_switch_is_stored_and_leads_back_to_an_address_without_a_language(shop: Client) -> None:
    form = {"language_code": "de", "return_to": "/?q=mug&lang=ar"}
    reply = await shop.post("/setLanguage", data=form)
    assert (reply.status_code, reply.headers["location"]) == (303, "/?q=mug")
    assert "Max-Age=31536000" in reply.headers["set-cookie"]
    assert language_of((await shop.get("/", headers=ARABIC)).text) == ("de", "ltr")


@pytest.mark.parametrize(
    "elsewhere", ["//[", "//evil.test/", "/\t/evil.test/", "https://[", "https://evil.test/?lang=de"]
)
async def test_the_switch_never_leads_to_another_site(shop: Client, elsewhere: str) -> None:
    reply = await shop.post("/setLanguage", data={"language_code": "de", "return_to": elsewhere})
    assert (reply.status_code, reply.headers["location"]) == (303, "/")


@pytest.mark.parametrize("code", ["", "xx", "DE", "en de"])
async def test_an_unknown_language_is_refused(shop: Client, code: str) -> None:
    reply = await shop.post("/setLanguage", data={"language_code": code}, headers=GERMAN)
    assert reply.status_code == 422
    assert "Diese Sprache gibt es in diesem Shop nicht." in reply.text
    assert "set-cookie" not in reply.headers


async def test_another_site_cannot_switch(shop: Client) -> None:
    reply = await shop.post("/setLanguage", data={"language_code": "de"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (reply.status_code, "set-cookie" in reply.headers) == (403, False)


@pytest.mark.parametrize("path", ["/", "/cart", "/help", "/product/tide-mug", "/no-such-page", "/product/none"])
async def test_vary_names_what_a_page_depends_on(shop: Client, path: str) -> None:
    reply = await shop.get(path, headers=GERMAN)
    assert "Accept-Language" in reply.headers["vary"]
    assert "Cookie" in reply.headers["vary"]
    assert language_of(reply.text)[0] == "de"


@pytest.mark.parametrize("path", ["/", "/?q=mug", "/product/tide-mug", "/about", "/help"])
async def test_cached_pages_never_mix_languages(shop: Client, path: str) -> None:
    async def read(code: str) -> tuple[str, str, str]:
        reply = await shop.get(path, headers={"Accept-Language": code})
        return code, reply.text, reply.headers["etag"]

    first = await asyncio.gather(*map(read, TITLE))
    again = await asyncio.gather(*map(read, reversed(TITLE)))
    assert sorted(first) == sorted(again)
    assert len({tag for _, _, tag in first}) == 3
    for code, page, _ in first:
        assert language_of(page)[0] == code
        words = {"en": "Skip to the content", "de": "Zum Inhalt springen", "ar": "انتقل إلى المحتوى"}
        assert [other for other, text in words.items() if text in page] == [code]


async def test_cached_cards_and_lines_never_mix_languages(shop: Client) -> None:
    words = {"en": "Only 3 left", "de": "Nur noch 3 da", "ar": "بقيت 3 قطع فقط"}
    for code in (*words, *words):
        listing = (await shop.get("/", headers=HTMX | {"Accept-Language": code})).text
        assert [other for other, text in words.items() if text in listing] == [code]
    await shop.post("/cart", data={"product_id": "last-jug"})
    for code in (*words, *words):
        cart = (await shop.get("/cart", headers=HTMX | {"Accept-Language": code})).text
        assert [other for other, text in words.items() if text in cart] == [code]
        assert ("42,00\N{NO-BREAK SPACE}€" in cart) is (code == "de")


async def test_a_change_is_answered_in_the_language_of_the_page(shop: Client) -> None:
    added = await shop.post("/cart", data={"product_id": "tide-mug", "quantity": "2"}, headers=HTMX | GERMAN)
    assert "2 Artikel in deinem Warenkorb." in added.text
    refused = await shop.post("/cart", data={"product_id": "last-jug", "quantity": "9"}, headers=HTMX | GERMAN)
    assert (refused.status_code, "Nur noch 3 Stück von" in refused.text) == (422, True)


async def test_search_engines_find_each_language(make_client: MakeClient) -> None:
    settings = Settings(database_url=NOWHERE, public_url="https://neap.example")
    async with make_client(settings=settings) as shop:
        page = (await shop.get("/product/tide-mug?lang=de")).text
        here = "https://neap.example/product/tide-mug"
        assert f'<link rel="canonical" href="{here}?lang=de">' in page
        alternates = dict(re.findall(r'<link rel="alternate" hreflang="([\w-]+)" href="([^"]+)">', page))
        assert alternates == {"en": here, "de": f"{here}?lang=de", "ar": f"{here}?lang=ar", "x-default": here}
        assert 'rel="alternate"' not in (await shop.get("/cart")).text


async def test_an_operator_chooses_the_languages(make_client: MakeClient) -> None:
    async with make_client(settings=Settings(database_url=NOWHERE, languages="de")) as shop:
        page = (await shop.get("/", headers=ARABIC)).text
        assert language_of(page) == ("de", "ltr")
        assert "/setLanguage" not in page
    with pytest.raises(ConfigurationError, match="LANGUAGES"):
        async with make_client(settings=Settings(database_url=NOWHERE, languages="en tlh")):
            pass


async def test_an_order_stores_its_language_for_its_email(buyer: Buyer) -> None:
    buyer.headers = NAVIGATION | {"Accept-Language": "de-DE"}
    await buyer.adds("tide-mug", 2)
    page = await buyer.opens(**{"Accept-Language": "de-DE"})
    assert "Zahlungspflichtig bestellen" in page.text
    order = await buyer.orders(page, country="Deutschland")
    assert order.status_code == 303
    (kept,) = await Outbox(buyer.database).latest(9)
    assert kept.email.subject.startswith("Deine Bestellung ")
    assert '<html lang="de" dir="ltr">' in kept.email.html
    assert "Danke für deine Bestellung" in kept.email.plain
    assert "MwSt. 19\N{NO-BREAK SPACE}%, enthalten" in kept.email.plain
    english = (await buyer.client.get(order.headers["location"], headers={"Accept-Language": "en"})).text
    assert language_of(english)[0] == "en"
    assert "Visa ending in 0454" in english

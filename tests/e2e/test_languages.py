"""The way to an order in German and in Arabic, on the narrowest phone: nothing is cut off, and all of it works."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from shop.i18n import gettext as _
from shop.i18n import speaking
from shop.languages import language_of
from tests.e2e.shopper import Shopper
from tests.fixtures.browser import OpenShopper

NARROWEST = {"width": 320, "height": 640}


def sees_it_whole(shopper: Shopper, code: str) -> None:
    """The page is in this language, and is not wider than its window."""
    expect(shopper.page.locator("html")).to_have_attribute("lang", code)
    expect(shopper.page.locator("html")).to_have_attribute("dir", "rtl" if code == "ar" else "ltr")
    width = shopper.page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROWEST["width"], f"{shopper.page.url} is {width} pixels wide"


@pytest.mark.parametrize(("code", "locale"), [("de", "de-DE"), ("ar", "ar-EG")])
def test_the_way_to_the_checkout_is_whole_in_each_language(open_shopper: OpenShopper, code: str, locale: str) -> None:
    shopper = open_shopper("/", locale=locale, viewport=NARROWEST)
    page = shopper.page
    with speaking(language_of(code)):
        add, cart, empty, order = map(_, ("Add to cart", "Your cart", "Your cart is empty", "Place order"))
        remove = _("Remove")
    sees_it_whole(shopper, code)
    for path in ("/?category=tableware", "/help"):
        shopper.opens(path)
        sees_it_whole(shopper, code)

    shopper.opens("/product/keel-pan")
    sees_it_whole(shopper, code)
    page.get_by_role("button", name=add, exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    sees_it_whole(shopper, code)

    shopper.opens("/checkout")
    expect(page.get_by_role("button", name=re.compile(f"^{order}"))).to_be_visible()
    sees_it_whole(shopper, code)

    shopper.opens("/cart")
    expect(page.get_by_role("heading", name=cart, level=1)).to_be_visible()
    sees_it_whole(shopper, code)
    page.get_by_role("main").get_by_role("button", name=re.compile(f"^{remove}")).first.click()
    expect(page.get_by_role("main").get_by_text(empty).first).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "said", "found"), [("de-DE", "Swell Rolling Pin", 1), ("en-GB", "Nothing here matches “teigrolle”.", 0)]
)
def test_the_search_understands_the_language_of_the_page(
    open_shopper: OpenShopper, locale: str, said: str, found: int
) -> None:
    page = open_shopper("/", locale=locale, viewport={"width": 1280, "height": 800}).page
    page.get_by_role("searchbox").press_sequentially("teigrolle")
    expect(page.get_by_role("search")).to_contain_text(said)
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", level=1, name="teigrolle")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Swell Rolling Pin")).to_have_count(found)


def test_the_language_is_switched_in_the_page(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/tide-mug", viewport={"width": 1280, "height": 800})
    shopper.page.get_by_role("combobox", name="Language").select_option("ar")
    expect(shopper.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(shopper.page).to_have_url(re.compile("/product/tide-mug$"))
    shopper.page.get_by_role("combobox", name="اللغة").select_option("en")
    expect(shopper.page.locator("html")).to_have_attribute("lang", "en")

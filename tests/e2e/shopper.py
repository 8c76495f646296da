"""What a shopper does and sees, in a shopper's words. Things are found as a person finds them: by role and name."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

FAR_OFF = "https://pictures.invalid"
BLOCKED = "Service Worker registration blocked by Playwright"
"""Where remote_picture.csv has its picture: a server that nobody can reach."""


MOST_TABS = 120
APPROVED, DECLINED, ASKS_FIRST, LOST_ANSWER = (
    "4242 4242 4242 4242",
    "4000 0000 0000 0002",
    "4000 0000 0000 3220",
    "4000 0000 0000 2222",
)
"""What the demonstration bank does with a card of this number."""
ENTRIES = {
    "E-mail": "shopper@example.com",
    "Full name": "Sam Shopper",
    "Street address": "Hauptstraße 1",
    "Postal code": "20095",
    "City": "Hamburg",
    "Card number": APPROVED,
    "Month": "12",
    "Year": "2039",
    "Security code": "123",
}
"""What is typed into the checkout, by label; the country is there already."""
LABELS = {"email": "E-mail"}
NAMES = {"Postal code": re.compile("^(Postal code|ZIP code)$")}
"""What labels are called in other countries."""


class Shopper:
    """Someone with a browser. `complaints` are the errors that its console shows; there should be none."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def opens(self, path: str) -> None:
        self.page.goto(path)

    def opens_another_tab(self, path: str) -> Shopper:
        other = Shopper(self.page.context.new_page())
        other.complaints = self.complaints
        other.opens(path)
        return other

    def leaves(self) -> None:
        """Close every tab but the browser profile's own, and be forgotten."""
        context = self.page.context
        for page in context.pages[1:]:
            page.close()
        context.clear_cookies()
        context.pages[0].evaluate("localStorage.clear()")
        context.set_offline(False)

    def comes_with(self, *titles: str) -> None:
        """Have these in the cart already, without the way there."""
        for title in titles:
            answer = self.page.request.post("/cart", form={"product_id": title.lower().replace(" ", "-")})
            assert answer.ok

    def searches_for(self, words: str) -> None:
        self.search_field.press_sequentially(words)

    def adds(self, title: str) -> None:
        self.add_button(title).click()

    def closes_the_drawer(self) -> None:
        expect(self.drawer).to_be_visible()
        self.page.keyboard.press("Escape")
        expect(self.drawer).to_be_hidden()

    def removes(self, title: str) -> None:
        self.page.get_by_role("button", name=re.compile(f"^Remove {title}")).click()

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def tabs_to(self, role: Literal["button", "link", "textbox"], name: str) -> None:
        """Press Tab until it has the focus."""
        wanted = self.page.get_by_role(role, name=name, exact=True)
        expect(wanted).to_be_visible()
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("(one) => one === document.activeElement"):
                return
        pytest.fail(f"Tab does not reach the {role} {name!r}")

    def fills_in(self, **entries: str) -> None:
        """Fill in the whole checkout; `card_number="…"` where a field is to be otherwise."""
        given = {LABELS.get(name) or name.replace("_", " ").capitalize(): text for name, text in entries.items()}
        for label, text in ({**ENTRIES, **given}).items():
            self.field(label).fill(text)
        if "state" not in entries and (state := self.field("State")).count():  # such as in the United States
            state.fill("California")

    def fills_in_the_card(self, number: str = APPROVED) -> None:
        """Fill in what is never sent back."""
        self.field("Card number").fill(number)
        self.field("Security code").fill(ENTRIES["Security code"])

    def places_the_order(self) -> None:
        self.order_button.click()

    def sees_a_receipt(self) -> str:
        """The page of an order that is placed; its number."""
        expect(self.page.get_by_role("heading", name="Thank you")).to_be_visible()
        expect(self.page.get_by_role("main")).to_contain_text(re.compile("Your order is placed"))
        return self.page.url.partition("?")[0].rpartition("/")[2]

    def sees_alert(self, heading: str) -> None:
        """The words at the top of a form that has come back, which the focus is led to."""
        expect(self.alert(heading)).to_be_focused()

    def sees_badge(self, count: int, *, waiting: bool = False) -> None:
        """The quantity beside the word Cart, and whether a change is on its way."""
        words = f"Cart {count or ''}{' a change is on its way' if waiting else ''}"
        expect(self.page.get_by_role("link", name=re.compile("^Cart"))).to_have_text(words)

    def sees_quantity(self, title: str, count: int) -> None:
        expect(self.quantity(title)).to_have_value(str(count))

    def sees_lines(self, *titles: str) -> None:
        expect(self.page.locator("#cart > .lines").get_by_role("heading")).to_have_text(list(titles))

    def sees_status(self, words: str | re.Pattern[str]) -> None:
        expect(self.status).to_contain_text(words)

    def forgives(self) -> None:
        """What the console has complained of so far was meant to happen."""
        assert self.complaints
        self.complaints.clear()

    @property
    def drawer(self) -> Locator:
        return self.page.get_by_role("dialog", name="In your cart")

    @property
    def status(self) -> Locator:
        return self.page.locator("#status")  # by id: while the drawer is open, what is outside has no role

    @property
    def search_field(self) -> Locator:
        return self.page.get_by_role("search").get_by_role("searchbox")

    def add_button(self, title: str) -> Locator:
        return self.page.get_by_role("button", name=f"Add {title} to cart")

    @property
    def checkout_link(self) -> Locator:
        """The way on from the cart: beside the sum, or in a phone's bar; a page without its styles yet shows both."""
        return self.page.get_by_role("link", name="Checkout").filter(visible=True).first

    @property
    def order_button(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile("place order", re.IGNORECASE))

    def field(self, label: str) -> Locator:
        """A field of the checkout, by its label in most countries."""
        name = NAMES.get(label, label)
        return self.page.get_by_role("main").get_by_label(name, exact=True)

    def alert(self, heading: str) -> Locator:
        return self.page.get_by_role("region", name=heading)

    def quantity(self, title: str) -> Locator:
        return self.page.get_by_role("spinbutton", name=f"Quantity of {title}")

    def titles(self) -> Locator:
        """The titles of the products in the grid."""
        return self.page.get_by_role("main").get_by_role("article").get_by_role("heading")

    def _hear(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        is_meant = where.startswith(FAR_OFF) or message.text.startswith(BLOCKED)
        if message.type in ("error", "warning") and not is_meant:
            self.complaints.append(f"{message.text} [{where}]")

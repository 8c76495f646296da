"""What a shopper does and sees, in a shopper's words. Things are found as a person finds them: by role and name."""

from __future__ import annotations

import re

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

FAR_OFF = "https://pictures.invalid"
"""Where remote_picture.csv has its picture: a server that nobody can reach."""


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
        """Close every tab and be forgotten."""
        context = self.page.context
        for page in context.pages:
            page.close()
        context.clear_cookies()
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

    def sees_badge(self, count: int) -> None:
        expect(self.page.get_by_role("link", name=re.compile("^Cart"))).to_have_text(
            f"Cart {count}" if count else re.compile(r"^Cart\s*$")
        )

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
        return self.page.get_by_role("searchbox", name="Search the shop")

    def add_button(self, title: str) -> Locator:
        return self.page.get_by_role("button", name=f"Add {title} to cart")

    def quantity(self, title: str) -> Locator:
        return self.page.get_by_role("spinbutton", name=f"Quantity of {title}")

    def titles(self) -> Locator:
        """The titles of the products in the grid."""
        return self.page.get_by_role("main").get_by_role("article").get_by_role("heading")

    def _hear(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        if message.type in ("error", "warning") and not where.startswith(FAR_OFF):
            self.complaints.append(f"{message.text} [{where}]")

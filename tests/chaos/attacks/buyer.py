"""Someone who buys: fills a cart, opens the checkout, orders. Each request is one of theirs, none is repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

import msgspec

from shop.loadtest.shoppers.history import Lines, lines_on
from tests.chaos.address import GOOD, address
from tests.chaos.browser import PATIENCE_SECONDS, Answer, NoAnswer, Tab

CHALLENGED = "4000000000003220"
DECLINED, SLOW = "4000000000000002", "4000000000001117"
"""Test cards of the demonstration bank, as are the next."""
LOST_ANSWER, LOST_CALL = "4000000000002222", "4000000000003337"
BROWSER = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

_SEEN = re.compile(rb'name="seen" value="([^"]+)"')
_TOTAL = re.compile(r'class="bill__total">\D*([\d,]+)\.(\d\d)<')
_TAG = re.compile(r"<[^>]*>")


class Said(Enum):
    """What the shop says to an order."""

    ORDERED = "ordered"
    """It sends the shopper to an order."""
    TOLD = "told"
    """It says why not, and that nothing was charged."""
    AWAY = "away"
    """It asks to try again in a moment."""
    BROKEN = "broken"
    """Anything else: an error, or nothing."""


class Form(msgspec.Struct, frozen=True):
    """What a checkout page carries and shows: its token, and the total in cents."""

    seen: str
    total: int


class Reply(msgspec.Struct, frozen=True):
    """The answer to an order."""

    said: Said
    number: str = ""
    """Of the order."""
    page: str = ""
    """The path of the order's page, or of the bank's."""
    words: str = ""
    """What the page says, without markup."""
    form: Form | None = None
    """What the page shows now, where it has come back."""


def form_on(page: bytes) -> Form | None:
    """The form of a checkout page, if it has one."""
    seen, total = _SEEN.search(page), _TOTAL.search(page.decode())
    return Form(seen[1].decode(), int(total[1].replace(",", "") + total[2])) if seen and total else None


def words_on(page: bytes) -> str:
    """What a page says, without markup."""
    return " ".join(_TAG.sub(" ", page.decode()).split())


class Buyer:
    """One person with a cart, known by an e-mail address. Tabs and windows of the same browser share `cookies`."""

    def __init__(
        self, port: int, email: str, cookies: dict[str, str] | None = None, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.email = email
        self.cookies: dict[str, str] = {} if cookies is None else cookies
        self.port = port
        self._patience = patience
        self._tab = Tab(port, self.cookies, patience=patience)

    def another_tab(self) -> Buyer:
        """The same person over another connection."""
        return Buyer(self.port, self.email, self.cookies, patience=self._patience)

    def leaves(self) -> None:
        """Close the tab."""
        self._tab.close()

    async def adds(self, *products: str, quantity: int = 1) -> bool:
        """Put products into the cart; whether all of them went in."""
        answers = [await self._tab.post("/cart", {"product_id": one, "quantity": quantity}) for one in products]
        return all(answer.accepted for answer in answers)

    async def enters(self, coupon: str) -> bool:
        """Use a coupon; whether the shop takes it."""
        return (await self._tab.post("/cart/coupon", {"code": coupon})).accepted

    async def opens_the_checkout(self) -> Form | None:
        """Open it as a browser does; None where there is nothing to order."""
        return form_on((await self._tab.get("/checkout", BROWSER)).body)

    async def looks_into_the_cart(self) -> Lines:
        """What is in the cart, as its page shows it."""
        return lines_on((await self._tab.get("/cart")).body)

    async def refuses(self, page: str) -> bool:
        """Refuse a payment on the bank's page; whether that was taken."""
        return (await self._tab.post(page, {"answer": "refuse"}, BROWSER)).accepted

    async def looks_at(self, page: str) -> str:
        """What the page of an order says."""
        return words_on((await self._tab.get(page)).body)

    async def orders(self, form: Form | None = None, *, card: str = GOOD, key: str = "") -> Reply:
        """Order: what a form shows, as a browser in the country that it guesses; else as a program that saw nothing."""
        fields = {**address(self.email, card), **({"seen": form.seen, "country": "Germany"} if form else {})}
        headers: Mapping[str, str] = {**(BROWSER if form else {}), **({"Idempotency-Key": key} if key else {})}
        try:
            return _reply(await self._tab.post("/cart/checkout", fields, headers))
        except NoAnswer as error:
            return Reply(Said.BROKEN, words=str(error))


def _reply(answer: Answer) -> Reply:
    page, number = words_on(answer.body), answer.location.partition("?")[0].rpartition("/")[2]
    if answer.status == 303 and answer.location.startswith(("/order/", "/payment/")):
        return Reply(Said.ORDERED, number, answer.location)
    if answer.status in (409, 422):
        return Reply(Said.TOLD, words=page, form=form_on(answer.body))
    if answer.status == 503:
        return Reply(Said.AWAY, words=page, form=form_on(answer.body))
    return Reply(Said.BROKEN, words=f"{answer.status} {answer.location} {page[-300:]}")

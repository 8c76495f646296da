"""One shopper of the crowd: Online Boutique's mix of tasks, and a look at whether the shop kept its word.

Each is the only one to change its cart, so it knows what the cart must be. A change without an answer is sent again
under the same Idempotency-Key, as htmx does it.
"""

from __future__ import annotations

import random
import secrets
import time
from itertools import count
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

import gevent
import msgspec
from locust import FastHttpUser, task
from locust.exception import StopUser

from shop.loadtest.history import History, Lines, lines_on
from shop.loadtest.pages import choices_on, offer_on, refusal_on
from shop.loadtest.person import order_form
from shop.loadtest.plan import Plan
from shop.loadtest.tally import Attempt, Tally

CURRENCIES = ("EUR", "USD", "JPY", "CAD", "GBP", "TRY")
PAUSE = 1, 10
"""Seconds between two tasks, at least and at most, divided by the plan's pace."""
PIECES = 10
"""Pieces that are added at once, at most."""
TWICE = 0.1
"""So many of the orders are clicked twice at once."""
PATIENCE_SECONDS = 15.0
"""For one answer: an order may take as long as its payment may, and some."""
INSISTING_SECONDS = 20.0
"""For how long a change is sent again."""


class Answer(msgspec.Struct, frozen=True):
    """What the shop said; status 0: nothing."""

    status: int
    text: str = ""
    location: str = ""

    @property
    def accepted(self) -> bool:
        """Whether it did, or shows, what was asked for."""
        return self.status in (200, 303)

    @property
    def refused(self) -> bool:
        """Whether it said why not, or that something is otherwise than it was."""
        return self.status in (409, 422)

    @property
    def final(self) -> bool:
        """Whether asking again would not help."""
        return 200 <= self.status < 500


class Shopper(FastHttpUser):
    """Shops until told to go home, and looks at the cart once more then."""

    plan: ClassVar[Plan]
    tally: ClassVar[Tally]
    numbers: ClassVar[count[int]] = count(1)

    connection_timeout = PATIENCE_SECONDS
    network_timeout = PATIENCE_SECONDS
    concurrency = 2

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.client.client.redirect_response_codes = frozenset()  # type: ignore[misc]  # each page is a request of its own
        self.number = next(self.numbers)
        self.history = History()
        self.chance = random.Random(f"{self.plan.run} {self.number}")  # noqa: S311 - what is bought is no secret
        self.attempts = count(1)

    def wait_time(self) -> float:
        """Seconds until the next task."""
        return self.chance.uniform(*PAUSE) / self.plan.pace

    def on_start(self) -> None:
        """Come in by the front page."""
        self.index()

    def on_stop(self) -> None:
        """Look at the cart for the last time."""
        answer = self._ask("viewCart", "/cart")
        if answer.accepted:
            self.tally.verdict.add(
                self.history.ends(lines_on(answer.text.encode()), f"the cart of shopper {self.number}")
            )
        self.tally.verdict.add(self.history.verdict)

    @task(1)
    def index(self) -> None:
        """The front page."""
        self._ask("index", "/")

    @task(2)
    def set_currency(self) -> None:
        """Prices in another currency."""
        self._ask("setCurrency", "/setCurrency", {"currency_code": self.chance.choice(CURRENCIES)})

    @task(10)
    def browse_product(self) -> None:
        """A product's page."""
        self._product()

    @task(3)
    def view_cart(self) -> None:
        """The cart's page, which must show what was acknowledged."""
        since = self.history.begins_to_read()
        answer = self._ask("viewCart", "/cart")
        if answer.accepted:
            self.tally.reads += 1
            self.history.shows(lines_on(answer.text.encode()), since, f"Shopper {self.number}: GET /cart")

    @task(2)
    def add_to_cart(self) -> None:
        """A product's page, as many pieces of it as there may be, and the cart."""
        handle, page = self._product()
        if others := choices_on(page):
            page = self._ask("browseProduct", self.chance.choice(others)).text
        offer = offer_on(page)
        if offer is None:
            self.tally.sold_out += 1
            return
        pieces = min(self.chance.randint(1, PIECES), offer.most)
        lines = {**self.history.lines, offer.sku: self.history.lines.get(offer.sku, 0) + pieces}
        form = {"product_id": handle, "variant_id": offer.sku, "quantity": str(pieces)}
        if self._changes("addToCart", "/cart", form, lines).accepted:
            self.view_cart()

    @task(1)
    def checkout(self) -> None:
        """An add, and an order of all that is in the cart."""
        self.add_to_cart()
        if not (lines := dict(self.history.lines)):
            return
        attempt = Attempt(email=self.plan.email(self.number, next(self.attempts)), lines=lines, answer="unknown")
        self.tally.attempts[attempt.email] = attempt
        attempt = self._orders(attempt, twice=self.chance.random() < TWICE)
        self.tally.attempts[attempt.email] = attempt
        if attempt.answer == "placed":
            self._receipt(attempt.number)
        else:
            self._changes("emptyCart", "/cart/empty", {}, {})

    def _orders(self, attempt: Attempt, *, twice: bool) -> Attempt:
        """Send the order, and say what came of it."""
        form, key = order_form(attempt.email, self.chance), secrets.token_hex(8)
        second = gevent.spawn(self._ask, "checkout, 2nd click", "/cart/checkout", form, key) if twice else None
        answers = [self._changes("checkout", "/cart/checkout", form, {}, key, alone=not twice)]
        answers += [second.get()] if second else []
        numbers = {answer.location.rpartition("/")[2] for answer in answers if answer.status == 303}
        if len(numbers) > 1:
            self.tally.without_receipt.append(f"One order, clicked twice, became {' and '.join(sorted(numbers))}.")
        if numbers:
            return msgspec.structs.replace(attempt, answer="placed", number=numbers.pop())
        return msgspec.structs.replace(attempt, answer="refused") if answers[0].final and not twice else attempt

    def _receipt(self, number: str) -> None:
        self.tally.receipts += 1
        answer = self._ask("receipt", f"/order/{number}")
        if not (answer.accepted and number in answer.text):
            self.tally.without_receipt.append(f"/order/{number} answered {answer.status} and does not show the order.")

    def _product(self) -> tuple[str, str]:
        """The handle of a product, and its page."""
        handle = self.chance.choice(self.plan.handles)
        return handle, self._ask("browseProduct", f"/product/{quote(handle, safe='')}").text

    def _changes(
        self, kind: str, path: str, form: dict[str, str], lines: Lines, key: str = "", *, alone: bool = True
    ) -> Answer:
        """Send a change that makes the cart `lines`, again and again under one key until there is an answer.

        A refusal of the first request says that nothing was done, if it was `alone`; of a later one it may say that the
        first is done.
        """
        key = key or secrets.token_hex(8)
        self.history.sends(lines)
        until = time.monotonic() + INSISTING_SECONDS
        while time.monotonic() < until:
            answer = self._ask(kind, path, form, key)
            if answer.accepted:
                self.history.is_answered()
                self.tally.changes += 1
                self.tally.carts[self.number] = sum(lines.values())
                return answer
            if answer.final:
                if alone:
                    self.history.is_refused()
                return answer
            alone = False
            gevent.sleep(0.2)
        raise StopUser

    def _ask(self, kind: str, path: str, form: dict[str, str] | None = None, key: str = "") -> Answer:
        """One request, counted under its kind."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        method, body = ("GET", None) if form is None else ("POST", urlencode(form))
        with self.client.request(method, path, name=kind, data=body, headers=headers, catch_response=True) as response:
            location = urlsplit((response.headers or {}).get("location", "")).path
            answer = Answer(response.status_code, response.text or "", location)
            if answer.accepted or answer.refused:
                response.success()
            else:
                response.failure(f"{kind}: {answer.status or response.error}")
        if answer.refused:
            self.tally.refused(kind, f"{kind}: {refusal_on(answer.text)}")
        return answer

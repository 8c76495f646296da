"""A Locust user with Online Boutique's mix of tasks, which also checks every cart it reads.

Only the shopper changes its cart, so it knows what the cart must contain. A change without a response is retried with
the same Idempotency-Key, as the shop's pages do.
"""

from __future__ import annotations

import random
import secrets
import time
from itertools import count
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import gevent
import msgspec
from locust import FastHttpUser, task
from locust.exception import StopUser

from shop.checkout.order_numbers import grouped
from shop.loadtest.plan import Plan
from shop.loadtest.shoppers.history import History, Lines, lines_on
from shop.loadtest.shoppers.pages import choices_on, offer_on, order_number, path_of, refusal_on
from shop.loadtest.shoppers.person import order_form
from shop.loadtest.tally import Attempt, Tally

CURRENCIES = ("EUR", "USD", "JPY", "CAD", "GBP", "TRY")
PAUSE = 1, 10
"""Minimum and maximum seconds between two tasks, before division by the plan's pace."""
MAX_QUANTITY = 10
"""Maximum quantity of one add."""
DOUBLE_CLICK_SHARE = 0.1
"""Share of checkouts that are sent twice at once."""
TIMEOUT_SECONDS = 15.0
"""Timeout of one request: an order may take a little longer than its payment."""
RETRY_SECONDS = 20.0
"""How long a change is retried."""


class Answer(msgspec.Struct, frozen=True):
    """A response of the shop; status 0: no response."""

    status: int
    text: str = ""
    location: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the request succeeded."""
        return self.status in (200, 303)

    @property
    def refused(self) -> bool:
        """Whether the shop refused the request with a reason, or because something has changed."""
        return self.status in (409, 422)

    @property
    def final(self) -> bool:
        """Whether a retry would not help."""
        return 200 <= self.status < 500


class Shopper(FastHttpUser):
    """Runs its tasks until it is stopped, and then checks its cart once more."""

    plan: ClassVar[Plan]
    tally: ClassVar[Tally]
    numbers: ClassVar[count[int]] = count(1)

    connection_timeout = TIMEOUT_SECONDS
    network_timeout = TIMEOUT_SECONDS
    concurrency = 2

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.client.client.redirect_response_codes = frozenset()  # type: ignore[misc]  # count each page as a separate request
        self.number = next(self.numbers)
        self.history = History()
        self.rng = random.Random(f"{self.plan.run} {self.number}")  # noqa: S311 - no secret
        self.attempts = count(1)

    def wait_time(self) -> float:
        """Seconds until the next task."""
        return self.rng.uniform(*PAUSE) / self.plan.pace

    def on_start(self) -> None:
        """Open the front page."""
        self.index()

    def on_stop(self) -> None:
        """Check the cart for the last time."""
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
        """Switch to another currency."""
        self._ask("setCurrency", "/setCurrency", {"currency_code": self.rng.choice(CURRENCIES)})

    @task(10)
    def browse_product(self) -> None:
        """A product's page."""
        self._product()

    @task(3)
    def view_cart(self) -> None:
        """The cart page, which must show every acknowledged change."""
        since = self.history.begins_to_read()
        answer = self._ask("viewCart", "/cart")
        if answer.accepted:
            self.tally.reads += 1
            self.history.shows(lines_on(answer.text.encode()), since, f"Shopper {self.number}: GET /cart")

    @task(2)
    def add_to_cart(self) -> None:
        """Open a product page, add a random quantity within the limit, and view the cart."""
        handle, page = self._product()
        if others := choices_on(page):
            page = self._ask("browseProduct", self.rng.choice(others)).text
        offer = offer_on(page)
        if offer is None:
            self.tally.sold_out += 1
            return
        quantity = min(self.rng.randint(1, MAX_QUANTITY), offer.limit)
        lines = {**self.history.lines, offer.sku: self.history.lines.get(offer.sku, 0) + quantity}
        form = {"product_id": handle, "variant_id": offer.sku, "quantity": str(quantity)}
        if self._change("addToCart", "/cart", form, lines).accepted:
            self.view_cart()

    @task(1)
    def checkout(self) -> None:
        """Add a product, and order everything in the cart."""
        self.add_to_cart()
        if not (lines := dict(self.history.lines)):
            return
        attempt = Attempt(email=self.plan.email(self.number, next(self.attempts)), lines=lines, answer="unknown")
        self.tally.attempts[attempt.email] = attempt
        attempt = self._order(attempt, twice=self.rng.random() < DOUBLE_CLICK_SHARE)
        self.tally.attempts[attempt.email] = attempt
        if attempt.answer == "placed":
            self._receipt(attempt)
        else:
            self._change("emptyCart", "/cart/empty", {}, {})

    def _order(self, attempt: Attempt, *, twice: bool) -> Attempt:
        """Send the checkout. Returns the attempt with its outcome."""
        form, key = order_form(attempt.email, self.rng), secrets.token_hex(8)
        second = gevent.spawn(self._ask, "checkout, 2nd click", "/cart/checkout", form, key) if twice else None
        answers = [self._change("checkout", "/cart/checkout", form, {}, key, alone=not twice)]
        answers += [second.get()] if second else []
        receipts = {answer.location for answer in answers if answer.status == 303}
        numbers = {order_number(receipt) for receipt in receipts}
        if len(numbers) > 1:
            self.tally.without_receipt.append(
                f"One checkout, sent twice, became orders {' and '.join(sorted(numbers))}."
            )
        if numbers:
            return msgspec.structs.replace(attempt, answer="placed", number=numbers.pop(), receipt=receipts.pop())
        return msgspec.structs.replace(attempt, answer="refused") if answers[0].final and not twice else attempt

    def _receipt(self, attempt: Attempt) -> None:
        self.tally.receipts += 1
        answer = self._ask("receipt", attempt.receipt)
        if not (answer.accepted and grouped(attempt.number) in answer.text):
            self.tally.without_receipt.append(f"/order/{attempt.number} answered {answer.status} without the order.")

    def _product(self) -> tuple[str, str]:
        """Open a random product page. Returns the handle and the page."""
        handle = self.rng.choice(self.plan.handles)
        return handle, self._ask("browseProduct", f"/product/{quote(handle, safe='')}").text

    def _change(
        self, kind: str, path: str, form: dict[str, str], lines: Lines, key: str = "", *, alone: bool = True
    ) -> Answer:
        """Send a change after which the cart is `lines`; retry with the same key until there is a response.

        If the first request was `alone`, its refusal means that nothing was done. The refusal of a retry may mean that
        the first request was done.
        """
        key = key or secrets.token_hex(8)
        self.history.sends(lines)
        deadline = time.monotonic() + RETRY_SECONDS
        while time.monotonic() < deadline:
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
        """Send one request, counted under its kind."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        method, body = ("GET", None) if form is None else ("POST", urlencode(form))
        with self.client.request(method, path, name=kind, data=body, headers=headers, catch_response=True) as response:
            location = path_of((response.headers or {}).get("location", ""))
            answer = Answer(response.status_code, response.text or "", location)
            if answer.accepted or answer.refused:
                response.success()
            else:
                response.failure(f"{kind}: {answer.status or response.error}")
        if answer.refused:
            self.tally.refused(kind, f"{kind}: {refusal_on(answer.text)}")
        return answer

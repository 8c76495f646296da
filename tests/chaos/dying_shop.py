"""Shops that kill their own process at a step of an order: `python -m tests.chaos.dying_shop [POINT ...]`.

Each point is a process of its own, forked from one that has imported all: the whole application, in which a shopper
puts one piece into a cart and orders it. The e-mail address of the order names the point. What the environment sets
counts as for `shop run`. Exit status 0 says that each process was killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any, NoReturn, cast

from httpx import ASGITransport, AsyncClient
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool

from shop.app import create_app
from shop.cart.around.metered import MeteredCartService
from shop.cart.connect import connect
from shop.cart.model import Cart, Change, Purchase
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Payment, PaymentRequest
from shop.database import create_engine
from shop.settings import Settings
from tests.fixtures.shop_app import running

POINTS = (
    "before-intent",
    "after-intent",
    "after-authorise",
    "before-placed",
    "after-placed",
    "after-purchase",
    "after-capture",
    "before-paid",
    "after-paid",
)
"""Before and after are about the COMMIT of the transaction that makes the order that, or about the call outside."""
SKU = "MUG"
FORM = {
    "street_address": "1 Quay",
    "zip_code": "10115",
    "city": "Berlin",
    "state": "Berlin",
    "country": "Germany",
    "credit_card_number": "4242424242424242",
    "credit_card_expiration_month": "1",
    "credit_card_expiration_year": "2039",
    "credit_card_cvv": "672",
}


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives it")


class Fate:
    """Where this process dies. It listens to every database connection."""

    def __init__(self, point: str) -> None:
        self.point = point
        event.listen(Engine, "before_cursor_execute", self.executing)
        event.listen(Engine, "commit", self.committing)
        event.listen(Pool, "checkin", self.committed)

    def reached(self, point: str) -> None:
        if point == self.point:
            die()

    def executing(self, connection: Connection, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("INSERT INTO orders"):
            connection.info["became"] = "intent"
        elif statement.startswith("UPDATE orders SET state"):
            connection.info["became"] = next(state for state in ("paid", "placed", "failed") if state in values)

    def committing(self, connection: Connection) -> None:
        self.reached(f"before-{connection.info.get('became')}")

    def committed(self, _connection: object, record: Any) -> None:
        self.reached(f"after-{record.info.pop('became', None)}")


class MortalPayments(DemoPayments):
    """The demonstration's bank, in whose calls a process may die as soon as they are done."""

    def __init__(self, fate: Fate, settings: Settings) -> None:
        super().__init__(create_engine(settings.database_url))
        self.fate = fate

    async def authorise(self, request: PaymentRequest) -> Payment:
        payment = await super().authorise(request)
        self.fate.reached("after-authorise")
        return payment

    async def capture(self, key: str, amount: int | None = None) -> Payment:
        payment = await super().capture(key, amount)
        self.fate.reached("after-capture")
        return payment


class MortalCarts(MeteredCartService):
    """The shop's carts; a process may die as soon as what was ordered has left one."""

    def __init__(self, fate: Fate, settings: Settings) -> None:
        super().__init__(connect(settings), CollectorRegistry())
        self.fate = fate

    async def apply(self, cart_id: str, change: Change) -> Cart:
        cart = await super().apply(cart_id, change)
        if isinstance(change, Purchase):
            self.fate.reached("after-purchase")
        return cart


async def order(point: str) -> None:
    settings, fate = Settings.from_env(), Fate(point)
    app = create_app(settings, carts=MortalCarts(fate, settings), payments=MortalPayments(fate, settings))
    transport = ASGITransport(cast("Any", app))
    async with running(app), AsyncClient(transport=transport, base_url="http://shop.test") as client:
        await client.post("/cart", data={"product_id": "mug", "quantity": "1"})
        reply = await client.post("/cart/checkout", data={"email": f"{point}@shop.example", **FORM})
        print(f"{point}: it lives, and answered {reply.status_code}", file=sys.stderr)


def begin(point: str) -> int:
    """Fork a process that dies at a point; its id."""
    if (child := os.fork()) == 0:
        asyncio.run(order(point))
        os._exit(1)
    return child


def main(points: list[str]) -> int:
    children = [begin(point) for point in points]
    ends = [os.waitpid(child, 0)[1] for child in children]
    return 0 if all(os.WIFSIGNALED(end) and os.WTERMSIG(end) == signal.SIGKILL for end in ends) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(POINTS)))

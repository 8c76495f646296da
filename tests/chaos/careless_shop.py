"""A shop that acknowledges adds which it never keeps, and charges every order twice. Settings as for `shop run`."""

from __future__ import annotations

from itertools import count

import msgspec
import uvicorn
from litestar import Litestar

from shop.app import create_app
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, Change, apply
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Payment, PaymentRequest
from shop.database import create_engine
from shop.settings import Settings

CARELESS = 2
"""It forgets every second add: a short run cannot miss it."""


class ForgetfulCarts(MemoryCartService):
    """Shows every add once, and keeps most of them."""

    def __init__(self) -> None:
        super().__init__()
        self._adds = count(1)

    async def apply(self, cart_id: str, change: Change) -> Cart:
        if isinstance(change, Add) and next(self._adds) % CARELESS == 0:
            return apply(await self.get(cart_id), change)
        return await super().apply(cart_id, change)


class GreedyBank(DemoPayments):
    """Takes each payment once more, under a key of its own."""

    async def authorise(self, request: PaymentRequest) -> Payment:
        again = msgspec.structs.replace(request, key=f"{request.key}-again")
        await super().authorise(again)
        await self.capture(again.key)
        return await super().authorise(request)


def open_shop(settings: Settings) -> Litestar:
    """The application."""
    return create_app(settings, carts=ForgetfulCarts(), payments=GreedyBank(create_engine(settings.database_url)))


if __name__ == "__main__":
    SETTINGS = Settings.from_env()
    uvicorn.run(open_shop(SETTINGS), host=SETTINGS.host, port=SETTINGS.port, access_log=False)

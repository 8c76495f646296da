"""Handles what comes back from the payment provider: the shopper, and its messages."""

from __future__ import annotations

import logging

from litestar.params import FromPath

from shop.checkout.order_numbers import typed_number
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.payment_events import PaymentEvents
from shop.errors import NotFound, StoreUnavailable
from shop.web.checkout.payment import OrderResumer
from shop.web.http.forms import read_body
from shop.web.http.reply import Reply, go_to
from shop.web.http.request import ShopRequest

log = logging.getLogger(__name__)


class ProviderHandlers:
    """Handles /payment/{number}/return?key=SECRET, and /payments/{provider}/events. `name` is the provider's."""

    def __init__(self, name: str, orders: Orders, resumer: OrderResumer, events: PaymentEvents) -> None:
        self._name = name
        self._orders = orders
        self._resumer = resumer
        self._events = events

    async def returned(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """GET: the shopper comes back from the provider's page. Ask what they did, and show the order."""
        known = typed_number(number)
        order = await self._orders.get(known) if known else None
        if order is None or not order.opened_by(request.query_params.get("key", "")):
            raise NotFound("There is no such payment.")
        try:
            await self._resumer.resume(order.number)
        except StoreUnavailable as error:
            log.warning("The shopper came back, but the order was not advanced, will retry: %s", error)
        return go_to(request, order.path)

    async def event(self, request: ShopRequest, provider: FromPath[str]) -> Reply:
        """POST: a message of the provider. 2xx: it is worked on; 400: not signed; 503: to be sent again."""
        if provider != self._name:
            raise NotFound("There is no such payment provider.")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.raw_headers.items()}
        await self._events.take(headers, await read_body(request))
        return Reply(204, ((b"cache-control", b"no-store"),))

"""Takes the messages of the payment provider. A message only says that something happened: the provider is asked what.

So it does not matter how often a message comes, nor in which order. One that cannot be worked on now is refused, and
the provider sends it again.
"""

from __future__ import annotations

from collections.abc import Mapping

from shop.checkout.model import Order
from shop.checkout.payments.provider import PaymentEvent, PaymentProvider
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.place_order import PlaceOrder
from shop.checkout.placing.steps import is_free
from shop.checkout.placing.transitions import OrderTransitions
from shop.errors import StoreUnavailable

TAKEN = ("authorised", "captured")


class PaymentEvents:
    """Handles the messages of one provider. shop.parts makes one."""

    def __init__(
        self, payments: PaymentProvider, orders: Orders, transitions: OrderTransitions, place_order: PlaceOrder
    ) -> None:
        self._payments = payments
        self._orders = orders
        self._transitions = transitions
        self._place_order = place_order

    async def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Work on a message; names of headers are in lower case.

        Raises EventRefused for one that is not signed, NotFound if the provider sends none, and StoreUnavailable if
        it has to be sent again.
        """
        event = self._payments.event(headers, body)
        order = await self._order(event)
        if order is None:
            return
        await self._transitions.note_event(order, self._payments.name, event)
        order = await self._place_order.resume(order.number)
        if order.state == "pending":
            await self._check_untaken(order)
        elif not is_free(order):
            await self._transitions.adopt_refunds(order)

    async def _order(self, event: PaymentEvent) -> Order | None:
        """The order of a message; None if it is about nothing of this shop."""
        if event.key:
            return await self._orders.get(event.key)
        return await self._orders.with_reference(event.reference) if event.reference else None

    async def _check_untaken(self, order: Order) -> None:
        """Raise StoreUnavailable if an order is paid, and another process was about to look."""
        payment = await self._transitions.find(order)
        if payment is not None and payment.status in TAKEN:
            raise StoreUnavailable("This order is being worked on: please send the message again.")

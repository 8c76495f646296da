"""The steps that take the money of an order: with the order, or when its goods leave the shop."""

from __future__ import annotations

import secrets

from shop.checkout.model import Order
from shop.checkout.placing import updates
from shop.checkout.placing.steps import OrderSteps, is_free


class CaptureSteps(OrderSteps):
    """See OrderSteps."""

    async def capture(self, order: Order) -> None:
        """Capture the payment, without what was refunded before."""
        if not is_free(order):
            part = order.unrefunded.amount if order.refunded else None
            await self._asked(self._payments.capture(order.number, part))

    async def pay(self, order: Order, claimant: str, *, who: str = "", why: str = "") -> Order | None:
        """Mark an order whose payment is captured as paid and settled."""
        return await self._step(order, "paid", claimant, settled=True, who=who, why=why)

    async def keep_authorised(self, order: Order) -> Order | None:
        """Leave the payment of a placed order to be captured when its goods leave; until then nothing is pending."""
        return await self._transactions.run(lambda connection: updates.settle(connection, order))

    async def take_payment(self, order: Order, *, who: str) -> Order | None:
        """Capture the payment of an order that waits to be shipped; another order is returned as it is."""
        if not order.waits_for_capture:
            return order
        await self.capture(order)
        return await self.pay(order, secrets.token_hex(8), who=who)

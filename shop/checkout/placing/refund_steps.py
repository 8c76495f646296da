"""The steps that return money: refunds of parts, and the release of orders that have ended."""

from __future__ import annotations

import secrets
from functools import partial

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.model import Order, OrderEvent
from shop.checkout.payments.provider import REST, Payment
from shop.checkout.placing import goods, refunds, updates
from shop.checkout.placing.refunds import PartRefund
from shop.checkout.placing.steps import OrderSteps, is_free
from shop.errors import PaymentRefused
from shop.money import Money


class RefundSteps(OrderSteps):
    """See OrderSteps."""

    async def refund(self, order: Order, *, who: str = "", why: str = "", restock: bool = False) -> Order | None:
        """Mark an order as refunded, all that is left of it; `release` returns the money. Raises OrderStateRefused.

        `restock`: put its units on sale again, those that have come back too.
        """
        return await self._step(order, "refunded", secrets.token_hex(8), who=who, why=why, restock=restock)

    async def refund_part(self, order: Order, part: PartRefund, *, who: str, why: str) -> tuple[Order, Money]:
        """Refund a part of a paid or shipped order; return the order and the amount.

        `pay_refunds` returns the money. Of a payment that is not captured yet, so much less
        will be. Raises OrderStateRefused, and InvalidInput for more than there is.
        """

        async def work(connection: AsyncConnection) -> tuple[Order, Money]:
            now = int(self.clock())
            found = await refunds.locked_order(connection, order.number)
            refund = refunds.next_refund(found, part, await refunds.refunds_of(connection, order.number), now)
            units = (f"{count} × {sku}" for sku, count in part.skus.items())
            says = ", ".join((order.quote.money(refund.amount).format("en"), *units))
            event = OrderEvent(at=now, what="part refund", who=who, why=f"{says}: {why}" if why else says)
            if part.restock:
                is_withdrawn = await goods.restock(connection, found, part.skus, event)
                refund = msgspec.structs.replace(refund, restocked=is_withdrawn)
            claim = {"settled": False, "claim": secrets.token_hex(8), "claimed_until": self.until()}
            if found.waits_for_capture:  # less will be captured
                refund, claim = msgspec.structs.replace(refund, done=True), {}
            after = await refunds.add(connection, found, refund, **claim)
            amount = order.quote.money(refund.amount)
            await updates.note(connection, order.number, event.what, at=now, who=who, why=event.why)
            await self._emails.write_refund(connection, after, refund.position, amount)
            return after, amount

        after, amount = await self._transactions.run(work)
        if part.restock:
            self._touched(part.skus)
        return after, amount

    async def cost_of_refund(self, order: Order, part: PartRefund) -> Money:
        """The amount that `refund_part` would refund now; the same errors."""

        async def work(connection: AsyncConnection) -> Money:
            earlier = await refunds.refunds_of(connection, order.number)
            return order.quote.money(refunds.next_refund(order, part, earlier, int(self.clock())).amount)

        return await self._transactions.run(work)

    async def pay_refunds(self, order: Order) -> Order | None:
        """Return the money of the refunds of parts; then the order is settled. Raises PaymentRefused."""
        await self._pay_refunds(order)
        return await self._transactions.run(lambda connection: updates.settle(connection, order))

    async def _pay_refunds(self, order: Order) -> None:
        stored = await self._transactions.run(lambda connection: refunds.refunds_of(connection, order.number))
        for refund in stored:
            if not refund.done:
                await self._asked(self._payments.refund(order.number, str(refund.position), refund.amount))
                await self._transactions.run(partial(refunds.mark_done, number=order.number, position=refund.position))

    async def adopt_refunds(self, order: Order) -> None:
        """Take over what was refunded of an order at the provider, and not by this shop."""
        payment = await self.find(order)
        if payment is None or returned(payment) <= order.refunded or order.state not in refunds.REFUNDABLE:
            return

        async def work(connection: AsyncConnection) -> None:
            now = int(self.clock())
            found = await refunds.locked_order(connection, order.number)
            amount = min(returned(payment) - found.refunded, found.unrefunded.amount)
            if amount <= 0 or found.state not in refunds.REFUNDABLE:
                return
            earlier = await refunds.refunds_of(connection, order.number)
            refund = refunds.StoredRefund(
                position=len(earlier) + 1, amount=amount, skus={}, restocked=False, done=True, at=now
            )
            await refunds.add(connection, found, refund)
            why = f"{order.quote.money(amount).format('en')}, at the provider"
            await updates.note(connection, order.number, "part refund", at=now, who=self._payments.name, why=why)

        await self._transactions.run(work)

    async def settle(self, order: Order, *, who: str, why: str) -> Order | None:
        """Mark an order as settled, because a person knows that its money was returned."""

        async def work(connection: AsyncConnection) -> Order | None:
            why_settled = f"settled: {why}"
            await updates.note(connection, order.number, "note", at=int(self.clock()), who=who, why=why_settled)
            await refunds.mark_done(connection, order.number)
            return await updates.settle(connection, order)

        return await self._transactions.run(work)

    async def release(self, order: Order) -> Order | None:
        """Return the money of an order that has ended; then the order is settled.

        The refund of a captured payment is a refund: that the provider has nothing to give back is an alarm. Raises
        PaymentRefused then, and the order stays unsettled.
        """
        if not is_free(order):
            await self._return_money(order)
        return await self._transactions.run(lambda connection: updates.settle(connection, order))

    async def _return_money(self, order: Order) -> None:
        if await self._transactions.run(lambda connection: updates.was_paid(connection, order.number)):
            await self._pay_refunds(order)
            await self._asked(self._payments.refund(order.number, REST))
            return
        if order.state != "failed" and await self._asked(self._payments.find(order.number)) is None:
            raise PaymentRefused("The bank does not know the payment of this order: nothing was returned.")
        try:
            await self._asked(self._payments.void(order.number))
        except PaymentRefused:
            await self._asked(self._payments.refund(order.number, REST))


def returned(payment: Payment) -> int:
    """What was returned of a payment, or released because less was captured than authorised; minor units."""
    return payment.refunded + (payment.amount.amount - payment.captured if payment.captured else 0)

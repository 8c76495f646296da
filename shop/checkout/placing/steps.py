"""What all steps of orders share: transactions, the payment provider with its timeout, claims, and the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from shop import tracing
from shop.checkout.mail.order_emails import OrderEmails
from shop.checkout.model import Order, OrderEvent, State
from shop.checkout.payments.provider import Payment, PaymentProvider
from shop.checkout.placing import goods, updates
from shop.checkout.placing.transactions import OrderTransactions
from shop.checkout.pricing.coupons import Coupons
from shop.errors import PaymentUnavailable

T = TypeVar("T")


class OrderSteps:
    """The base of the steps of orders.

    `seconds` is the timeout of the provider; a claim lasts twice that. `touched` receives the skus whose stock changed.
    `captures_at_shipping`: a payment is captured when goods leave the shop, and not with the order.

    Every method may raise StoreUnavailable; those that call the provider also PaymentUnavailable and PaymentRefused.
    A step that returns None instead of an order did nothing, because another process has changed the order.
    """

    def __init__(
        self,
        transactions: OrderTransactions,
        coupons: Coupons,
        payments: PaymentProvider,
        emails: OrderEmails,
        touched: Callable[[Iterable[str]], object],
        *,
        seconds: float,
        clock: Callable[[], float] = time.time,
        captures_at_shipping: bool = False,
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self.captures_at_shipping = captures_at_shipping
        self._transactions = transactions
        self._coupons = coupons
        self._payments = payments
        self._emails = emails
        self._touched = touched

    def until(self) -> int:
        """The expiry of a claim made now, milliseconds since the epoch."""
        return int((self.clock() + 2 * self.seconds) * 1000)

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.clock() * 1000)

    async def find(self, order: Order) -> Payment | None:
        """The payment of an order, or None if the provider does not know it."""
        if is_free(order):
            return Payment(order.number, "authorised", order.quote.total)
        return await self._asked(self._payments.find(order.number))

    async def _step(
        self,
        order: Order,
        to: State,
        claimant: str,
        *,
        restock: bool = True,
        tell: bool = True,
        who: str = "",
        why: str = "",
        **how: Any,
    ) -> Order | None:
        """One update of an order, with its stock, coupon, history and e-mails in the same transaction."""

        async def work(connection: AsyncConnection) -> Order | None:
            now = int(self.clock())
            after = await updates.step(
                connection, order, to, claimant=claimant, until=self.until(), now=now, who=who, why=why, **how
            )
            if after is None:
                return None
            event = OrderEvent(at=now, what=to, who=who, why=why)
            await goods.move(connection, order, to, restock=restock, event=event)
            if to == "failed" and order.quote.coupon:
                await self._coupons.restore(connection, order.quote.coupon, order.buyer.email)
            if tell:
                await self._emails.write(connection, to, after)
            return after

        after = await self._transactions.run(work)
        if after and to != "paid":
            self._touched(order.quote.wanted)
        return after

    async def _asked(self, call: Awaitable[T]) -> T:
        """The provider's answer. Raises PaymentUnavailable on a timeout."""
        try:
            async with asyncio.timeout(self.seconds):
                with tracing.span(f"payment {getattr(call, '__name__', 'call')}", "client"):
                    return await call
        except TimeoutError as error:
            raise PaymentUnavailable("The bank does not answer. Whether the payment was made is not known.") from error


def is_free(order: Order) -> bool:
    """Whether there is nothing to pay, because a coupon covers it all."""
    return order.quote.totals.total == 0

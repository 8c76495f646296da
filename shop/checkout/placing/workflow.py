"""Advances a claimed order through payment, cart and capture as far as possible now."""

from __future__ import annotations

import logging

from shop.cart.model import Cart, Purchase
from shop.cart.service import CartService
from shop.checkout.model import Order
from shop.checkout.order_numbers import masked, purchase_id
from shop.checkout.payments.provider import Payment
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.steps import is_free
from shop.checkout.placing.transitions import OrderTransitions
from shop.errors import OutOfStock, PaymentRefused, unforeseen
from shop.i18n import noted

UNPAID = "The payment was not made in time. Nothing was charged."
SOLD = noted("The last of it was sold while your bank was asking you. Nothing was charged.")
REPLACED = noted("You have ordered something else instead. Nothing was charged.")
LOST = "The payment could not be taken. Nothing was charged."

log = logging.getLogger(__name__)


class OrderWorkflow:
    """Performs the steps of an order in sequence. A step that fails is left to the next claim: see recovery.py."""

    def __init__(self, orders: Orders, transitions: OrderTransitions, carts: CartService) -> None:
        self.orders = orders
        self.transitions = transitions
        self.carts = carts

    async def advance(self, order: Order, claimant: str, *, tell: bool = False) -> Order:
        """Advance an order that `claimant` has claimed. `tell`: e-mail the shopper if it fails.

        One whose payment took days no longer looks at the page, and is written to in any case.

        Raises StoreUnavailable, PaymentUnavailable and PaymentRefused: it stays open.
        """
        if order.state == "pending":
            tell = tell or order.processing
            return await self.advance_payment(order, await self.transitions.find(order), claimant, tell=tell)
        if order.state == "placed":
            return await self.finish(order, claimant)
        if order.state in ("paid", "shipped"):
            return await self.transitions.pay_refunds(order) or await self.reload(order)
        return await self.transitions.release(order) or await self.reload(order)

    async def advance_payment(
        self, order: Order, payment: Payment | None, claimant: str, *, tell: bool = False
    ) -> Order:
        """Advance a pending order, given its payment."""
        status = payment.status if payment else None
        if payment and status in ("authorised", "captured"):
            return await self._paid(order, payment, claimant, tell=tell)
        if payment and status == "challenged" and self._has_time(order):
            return await self.transitions.wait(order, payment) or await self.reload(order)
        if payment and status == "processing":
            waiting = await self.transitions.await_bank(order, payment) or await self.reload(order)
            if waiting.processing:
                await self.take_out(waiting)
            return waiting
        if payment and status == "declined":
            failed = await self.transitions.fail(order, payment.message, claimant, settled=True, tell=tell)
            return failed or await self.reload(order)
        return await self._unpaid(order, UNPAID, claimant, tell=tell)

    async def _paid(self, order: Order, payment: Payment, claimant: str, *, tell: bool) -> Order:
        """Place and finish a pending order whose payment is authorised."""
        try:
            placed = await self.transitions.confirm(order, claimant, payment)
        except OutOfStock:
            return await self._unpaid(order, SOLD, claimant, tell=tell)
        return await self.finish(placed, claimant) if placed else await self.reload(order)

    async def _unpaid(self, order: Order, why: str, claimant: str, *, tell: bool) -> Order:
        """Fail a pending order, and then void its payment: that of an order that another process advanced stays."""
        failed = await self.transitions.fail(order, why, claimant, settled=False, tell=tell)
        return await self._released(failed) if failed else await self.reload(order)

    async def withdraw(self, order: Order, claimant: str) -> Order:
        """Fail a pending order that its shopper replaces by another. One that they have paid meanwhile is placed."""
        payment = await self.transitions.find(order)
        if payment is None or payment.status == "challenged":
            return await self._unpaid(order, REPLACED, claimant, tell=False)
        return await self.advance_payment(order, payment, claimant)

    async def finish(self, order: Order, claimant: str) -> Order:
        """Take the ordered lines out of the cart and capture the payment, as far as possible now.

        With CAPTURE=shipping the payment stays authorised, and nothing more is pending.

        The order is firm: recovery retries what fails. May raise StoreUnavailable if the provider no longer has the
        payment and the order cannot be cancelled now.
        """
        try:
            await self.take_out(order)
            if self.transitions.captures_at_shipping and not is_free(order):
                return await self.transitions.keep_authorised(order) or await self.reload(order)
            await self.transitions.capture(order)
            return await self.transitions.pay(order, claimant) or await self.reload(order)
        except PaymentRefused:
            return await self._lost(order)
        except Exception as error:
            words = "Order %s: placed, later steps failed, will retry: %s"
            log.warning(words, masked(order.number), error, exc_info=unforeseen(error))
        return order

    async def take_out(self, order: Order) -> Cart:
        """Take the ordered lines out of the cart, unless that was done; return the cart."""
        return await self.carts.apply(order.quote.cart_id, purchase_of(order))

    async def reload(self, order: Order) -> Order:
        """The order as stored now. Raises NotFound."""
        return await self.orders.find(order.number)

    def _has_time(self, order: Order) -> bool:
        return self.transitions.clock() < order.created_at + self.transitions.challenge_seconds

    async def _lost(self, order: Order) -> Order:
        """Cancel an order whose payment can no longer be captured, mostly because it was cancelled elsewhere."""
        cancelled = await self.transitions.cancel(order, LOST)
        if cancelled is None:
            return await self.reload(order)
        log.error("Order %s: payment can no longer be captured, order cancelled", masked(order.number))
        return await self._released(cancelled)

    async def _released(self, order: Order) -> Order:
        """Void or refund the payment if that is possible now; recovery retries."""
        try:
            return await self.transitions.release(order) or await self.reload(order)
        except Exception as error:
            words = "Order %s: %s, but returning the money failed, will retry: %s"
            log.warning(words, masked(order.number), order.state, error, exc_info=unforeseen(error))
        return order


def purchase_of(order: Order) -> Purchase:
    """The change that an order makes to its cart."""
    lines = tuple((line.sku, line.quantity) for line in order.quote.lines)
    return Purchase(purchase_id(order.number), order.created_at, lines, order.quote.coupon)

"""The steps of one order. Each is one transaction, or one call of the payment provider.

A transaction changes the order only if its state is still the one that the step started from. A call of the provider
carries the order's number as its key, so a repeated call has no further effect. Every step can therefore be repeated,
by any process. workflow.py puts them in order.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from shop.cart.model import Cart
from shop.catalog.stock import stock
from shop.checkout.mail.order_emails import OrderEmails
from shop.checkout.model import Order, Quote, State
from shop.checkout.order_numbers import purchase_id
from shop.checkout.payments.provider import Card, Payment, PaymentProvider
from shop.checkout.placing import updates
from shop.checkout.placing.transactions import OrderTransactions, Work
from shop.checkout.pricing.coupons import Coupons
from shop.errors import CartOrdered, OutOfStock, PaymentRefused, PaymentUnavailable, QuoteChanged
from shop.money import Money

CHALLENGE_SECONDS = 900
"""How long the shopper has to confirm a payment with their bank, from the creation of the order."""

T = TypeVar("T")


class OrderTransitions:
    """Performs single steps of orders.

    `seconds` is the timeout of the provider; a claim lasts twice that. `touched` receives the skus whose stock changed.

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
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self._transactions = transactions
        self._coupons = coupons
        self._payments = payments
        self._emails = emails
        self._touched = touched

    def until(self) -> int:
        """The expiry of a claim made now, milliseconds since the epoch."""
        return int((self.clock() + 2 * self.seconds) * 1000)

    async def create(self, order: Order, key: str | None, claimant: str, changes: bytes) -> bool:
        """Store the order, take its stock and use its coupon; False if its cart or its key already has an order.

        `changes` is Cart.changes as it was read. Raises OutOfStock, QuoteChanged, CartOrdered, CouponRefused and
        StoreBusy: the transaction is rolled back then.
        """

        async def work(connection: AsyncConnection) -> bool:
            others = await updates.insert(connection, order, key=key, claimant=claimant, until=self.until())
            if others is None:
                return False
            check_taken_out(Cart(order.quote.cart_id, changes=changes), others)
            quote = order.quote
            check_prices(quote, await stock.deduct(connection, quote.cart_id, quote.wanted))
            if quote.coupon:
                await self._coupons.use(connection, quote.coupon, order.buyer.email)
            return True

        is_new = await self._created(work, order.quote.wanted)
        if is_new:
            self._touched(order.quote.wanted)
        return is_new

    async def authorise(self, order: Order, card: Card | None) -> Payment:
        """Authorise the amount. An order that costs nothing does not involve the provider, here and below."""
        if is_free(order):
            return Payment(order.number, "authorised", order.quote.total)
        assert card is not None, "an order that costs something has a card"
        return await self._asked(self._payments.authorise(order.number, order.quote.total, card))

    async def find(self, order: Order) -> Payment | None:
        """The payment of an order, or None if the provider does not know it."""
        if is_free(order):
            return Payment(order.number, "authorised", order.quote.total)
        return await self._asked(self._payments.find(order.number))

    async def confirm(self, order: Order, claimant: str) -> Order | None:
        """Place an order whose payment is authorised, and write its confirmation e-mail."""
        return await self._step(order, "placed", claimant)

    async def wait(self, order: Order, path: str) -> Order | None:
        """Wait for the shopper to confirm the payment at `path`."""
        until = (order.created_at + CHALLENGE_SECONDS) * 1000
        return await self._transactions.run(
            lambda connection: updates.wait_for_shopper(connection, order, path, until=until)
        )

    async def fail(self, order: Order, why: str, claimant: str, *, settled: bool) -> Order | None:
        """Fail the order: release its stock and its coupon. `settled`: the provider has nothing to undo."""
        return await self._step(order, "failed", claimant, settled=settled, failure=why)

    async def capture(self, order: Order) -> None:
        """Capture the payment."""
        if not is_free(order):
            await self._asked(self._payments.capture(order.number))

    async def pay(self, order: Order, claimant: str) -> Order | None:
        """Mark an order whose payment is captured as paid and settled."""
        return await self._step(order, "paid", claimant, settled=True)

    async def ship(self, order: Order) -> Order | None:
        """Mark an order as shipped. Raises OrderStateRefused."""
        return await self._step(order, "shipped", secrets.token_hex(8), settled=True)

    async def cancel(self, order: Order, why: str = "") -> Order | None:
        """Cancel an order and return its stock; `release` returns the money. Raises OrderStateRefused."""
        return await self._step(order, "cancelled", secrets.token_hex(8), failure=why)

    async def refund(self, order: Order) -> Order | None:
        """Mark an order as refunded, without returning stock; `release` returns the money. Raises OrderStateRefused."""
        return await self._step(order, "refunded", secrets.token_hex(8))

    async def release(self, order: Order) -> Order | None:
        """Void or refund the payment of an order that has ended; then the order is settled."""
        if not is_free(order):
            try:
                await self._asked(self._payments.void(order.number))
            except PaymentRefused:
                await self._asked(self._payments.refund(order.number))
        return await self._transactions.run(lambda connection: updates.settle(connection, order))

    async def claim_one(self, number: str, claimant: str) -> Order | None:
        """Claim an order if it is unsettled and unclaimed; None otherwise."""
        until, now = self.until(), self.now()
        return await self._transactions.run(
            lambda connection: updates.claim_one(connection, number, claimant=claimant, until=until, now=now)
        )

    async def claim_due(self, limit: int, claimant: str) -> list[Order]:
        """Claim unsettled orders whose claim has expired."""
        until, now = self.until(), self.now()
        return await self._transactions.run(
            lambda connection: updates.claim_due(connection, limit, claimant=claimant, until=until, now=now)
        )

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.clock() * 1000)

    async def _created(self, work: Work[bool], wanted: Mapping[str, int], tries: int = 3) -> bool:
        """Retry where stock was returned during the transaction.

        PostgreSQL selects the rows of an UPDATE before it waits for their locks, and does not reconsider the others.
        """
        try:
            return await self._transactions.run_first(work)
        except OutOfStock as error:
            if tries == 1 or any(there < wanted[sku] for sku, there in error.available.items()):
                raise
        return await self._created(work, wanted, tries - 1)

    async def _step(self, order: Order, to: State, claimant: str, **how: Any) -> Order | None:
        """One update of an order, with its stock, coupon and e-mail in the same transaction."""
        gives_back = to in ("failed", "cancelled")

        async def work(connection: AsyncConnection) -> Order | None:
            now = int(self.clock())
            after = await updates.step(connection, order, to, claimant=claimant, until=self.until(), now=now, **how)
            if after is None:
                return None
            if gives_back:
                await stock.restore(connection, order.quote.wanted)
            if to == "failed" and order.quote.coupon:
                await self._coupons.restore(connection, order.quote.coupon, order.buyer.email)
            await self._emails.write(connection, to, after)
            return after

        after = await self._transactions.run(work)
        if after and gives_back:
            self._touched(order.quote.wanted)
        return after

    async def _asked(self, call: Awaitable[T]) -> T:
        """The provider's answer. Raises PaymentUnavailable on a timeout."""
        try:
            async with asyncio.timeout(self.seconds):
                return await call
        except TimeoutError as error:
            raise PaymentUnavailable("The bank does not answer. Whether the payment was made is not known.") from error


def is_free(order: Order) -> bool:
    """Whether there is nothing to pay, because a coupon covers it all."""
    return order.quote.totals.total == 0


def check_taken_out(cart: Cart, others: Mapping[str, str]) -> None:
    """Raise CartOrdered for a cart that was read before another of its orders took its lines out.

    Such a cart has the change that was the latest in that order (`others`: Quote.change by number), but not its
    purchase.
    """
    for number, change in others.items():
        if cart.knows(bytes.fromhex(change)) and not cart.knows(purchase_id(number)):
            raise CartOrdered(number)


def check_prices(quote: Quote, prices: Mapping[str, Money]) -> None:
    """Raise QuoteChanged unless the prices are those of the quote."""
    changed = {line.sku: prices[line.sku] for line in quote.lines if prices[line.sku] != line.price}
    if changed:
        raise QuoteChanged({sku: (price.amount, price.currency) for sku, price in changed.items()})

"""The steps of one order. Each is one transaction, or one call of the payment provider.

A transaction changes the order only if its state is still the one that the step started from. A call of the provider
carries the order's number as its key, so a repeated call has no further effect. Every step can therefore be repeated,
by any process. workflow.py puts them in order.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.cart.model import Cart
from shop.catalog.stock import stock
from shop.catalog.stock.stock import Sold
from shop.checkout.model import Order, Quote
from shop.checkout.order_numbers import purchase_id
from shop.checkout.payments.provider import Payment, PaymentEvent, PaymentRequest
from shop.checkout.placing import updates
from shop.checkout.placing.parcel_steps import ParcelSteps
from shop.checkout.placing.refund_steps import RefundSteps
from shop.checkout.placing.steps import is_free
from shop.checkout.placing.transactions import Work
from shop.errors import CartOrdered, OutOfStock, QuoteChanged

STOCK_TRIES = 3
"""PostgreSQL selects the rows of an UPDATE before it waits for their locks, and does not reconsider the others: units
that are returned meanwhile are found by the next try."""
FIRST_LOOK_SECONDS = 60
"""How soon a bank that takes days is asked again."""
LAST_RETRY_SECONDS = 3600
"""The longest pause between two attempts to advance an order."""


class OrderTransitions(RefundSteps, ParcelSteps):
    """All steps of an order; those of parcels and refunds are in files of their own. See OrderSteps."""

    @property
    def challenge_seconds(self) -> int:
        """How long the shopper has to pay or confirm with the provider, from the creation of the order."""
        return self._payments.seconds

    async def create(self, order: Order, key: str | None, claimant: str, changes: bytes) -> bool:
        """Store the order, take its stock and use its coupon; False if its cart or its key already has an order.

        `changes` is Cart.changes as it was read. Raises OutOfStock, QuoteChanged, CartOrdered, CouponRefused and
        StoreBusy: the transaction is rolled back then.
        """

        async def work(connection: AsyncConnection) -> bool:
            if not await updates.insert(connection, order, key=key, claimant=claimant, until=self.until()):
                return False
            quote, cart, lately = order.quote, Cart(order.quote.cart_id, changes=changes), updates.ordered_lately(order)
            try:
                sold, others = await stock.hold(connection, cart.id, order.number, quote.wanted, asking=lately)
            except OutOfStock:  # perhaps only because this cart's own order took it
                check_taken_out(cart, updates.changes_by_number(await connection.scalar(select(lately))))
                raise
            check_taken_out(cart, updates.changes_by_number(others))
            check_goods(quote, sold)
            await updates.insert_lines(connection, order)
            if quote.coupon:
                await self._coupons.use(connection, quote.coupon, order.buyer.email, order.number)
            return True

        is_new = await self._created(work, order.quote.wanted)
        if is_new:
            self._touched(order.quote.wanted)
        return is_new

    async def authorise(self, order: Order, token: str, origin: str) -> Payment:
        """Authorise the amount. An order that costs nothing does not involve the provider, here and below.

        `token`: PaymentToken.value; '' if the shopper pays on the provider's page. `origin`: the shop's address, for
        the way back from there.
        """
        if is_free(order):
            return Payment(order.number, "authorised", order.quote.total)
        request = PaymentRequest(
            key=order.number,
            amount=order.quote.total,
            token=token,
            return_url=f"{origin}{order.return_path}" if origin else "",
            email=order.buyer.email,
            language=order.buyer.language,
        )
        return await self._asked(self._payments.authorise(request))

    async def confirm(self, order: Order, claimant: str, payment: Payment | None = None) -> Order | None:
        """Place an order whose payment is authorised, and write its confirmation e-mail.

        The order keeps the provider's reference of `payment`, and what it says of the card.

        Raises OutOfStock if it did not keep all that it needs while its shopper confirmed the payment, and others have
        bought the rest.
        """
        for _ in range(STOCK_TRIES - 1):
            with suppress(OutOfStock):
                return await self._step(order, "placed", claimant, payment=payment)
        return await self._step(order, "placed", claimant, payment=payment)

    async def wait(self, order: Order, payment: Payment) -> Order | None:
        """Wait for the shopper to pay or to confirm the payment, with the order's share of the stock."""
        until = (order.created_at + self.challenge_seconds) * 1000

        async def work(connection: AsyncConnection) -> tuple[Order | None, set[str]]:
            waiting = await updates.wait_for_shopper(connection, order, payment, until=until)
            return waiting, await stock.share(connection, order.number) if waiting else set()

        waiting, released = await self._transactions.run(work)
        self._touched(released)
        return waiting

    async def await_bank(self, order: Order, payment: Payment) -> Order | None:
        """Wait for a bank that takes days, with the order's share of the stock. The bank is asked again meanwhile."""
        pause = min(max(FIRST_LOOK_SECONDS, (self.clock() - order.created_at) / 8), LAST_RETRY_SECONDS)
        until = int((self.clock() + pause) * 1000)

        async def work(connection: AsyncConnection) -> tuple[Order | None, set[str]]:
            waiting = await updates.wait_for_bank(connection, order, payment, until=until)
            return waiting, await stock.share(connection, order.number) if waiting else set()

        waiting, released = await self._transactions.run(work)
        self._touched(released)
        return waiting

    async def keep_share(self, order: Order) -> None:
        """Reduce what a pending order reserves to its share: nobody knows when its bank will answer."""
        self._touched(await self._transactions.run(lambda connection: stock.share(connection, order.number)))

    async def fail(
        self,
        order: Order,
        failure: str,
        claimant: str,
        *,
        settled: bool,
        tell: bool = False,
        who: str = "",
        why: str = "",
    ) -> Order | None:
        """Fail the order: release its stock and its coupon. `settled`: the provider has nothing to undo.

        `failure` is what the shopper is told, `why` is for the history.

        `tell`: e-mail the shopper, who no longer looks at the page that says so.
        """
        return await self._step(
            order, "failed", claimant, settled=settled, failure=failure, tell=tell, who=who, why=why
        )

    async def cancel(
        self,
        order: Order,
        failure: str = "",
        *,
        who: str = "",
        why: str = "",
        restock: bool = True,
        settled: bool = False,
    ) -> Order | None:
        """Cancel an order; `release` returns the money unless it is `settled`.

        Raises OrderStateRefused, and InvalidInput if a part of it has left the shop.

        `failure` is what the shopper is told, `why` is for the history. `restock`: put its units on sale again.
        """
        return await self._step(
            order,
            "cancelled",
            secrets.token_hex(8),
            failure=failure,
            settled=settled,
            who=who,
            why=why,
            restock=restock,
        )

    async def note_event(self, order: Order, provider: str, event: PaymentEvent) -> None:
        """Store a message of the provider, once, and tell the operator what it says."""

        async def work(connection: AsyncConnection) -> None:
            now = int(self.clock())
            is_new = await updates.insert_event(connection, order.number, provider, event, at=now)
            if is_new and event.dispute and await updates.set_dispute(connection, order.number, event.dispute):
                what = "disputed" if event.dispute == "open" else f"dispute {event.dispute}"
                await updates.note(connection, order.number, what, at=now, who=provider, why=event.note)
            elif is_new and event.note:
                await updates.note(connection, order.number, "note", at=now, who=provider, why=event.note)

        await self._transactions.run(work)

    async def defer(self, order: Order, claimant: str) -> None:
        """Leave an order that cannot be advanced now: the longer it has waited, the longer until the next attempt."""
        waited = self.clock() - order.changed_at
        pause = min(max(2 * self.seconds, waited / 8), LAST_RETRY_SECONDS)
        until = int((self.clock() + pause) * 1000)
        await self._transactions.run(lambda connection: updates.defer(connection, order, claimant, until=until))

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

    async def _created(self, work: Work[bool], wanted: Mapping[str, int], tries: int = STOCK_TRIES) -> bool:
        """Retry where stock was returned during the transaction."""
        try:
            return await self._transactions.run_first(work)
        except OutOfStock as error:
            if tries == 1 or any(there < wanted[sku] for sku, there in error.available.items()):
                raise
        return await self._created(work, wanted, tries - 1)


def check_taken_out(cart: Cart, others: Mapping[str, str]) -> None:
    """Raise CartOrdered for a cart that was read before another of its orders took its lines out.

    Such a cart has the change that was the latest in that order (`others`: Quote.change by number), but not its
    purchase.
    """
    for number, change in others.items():
        if cart.knows(bytes.fromhex(change)) and not cart.knows(purchase_id(number)):
            raise CartOrdered(number)


def check_goods(quote: Quote, sold: Mapping[str, Sold]) -> None:
    """Raise QuoteChanged unless everything is still what the quote says, at the same price."""
    agreed = {line.sku: Sold(line.price, line.title, line.variant) for line in quote.lines}
    changed = {sku: sold[sku].price for sku, thing in agreed.items() if sold[sku] != thing}
    if changed:
        raise QuoteChanged({sku: (price.amount, price.currency) for sku, price in changed.items()})

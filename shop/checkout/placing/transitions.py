"""The steps of one order. Each is one transaction, or one call of the payment provider.

A transaction changes the order only if its state is still the one that the step started from. A call of the provider
carries the order's number as its key, so a repeated call has no further effect. Every step can therefore be repeated,
by any process. workflow.py puts them in order.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from shop import tracing
from shop.cart.model import Cart
from shop.catalog.stock import stock
from shop.catalog.stock.stock import Sold
from shop.catalog.writing.levels import Kind, StockChange, locked_levels, record
from shop.checkout.mail.order_emails import OrderEmails
from shop.checkout.model import Order, OrderEvent, Quote, State
from shop.checkout.order_numbers import purchase_id
from shop.checkout.payments.provider import REST, Payment, PaymentEvent, PaymentProvider, PaymentRequest
from shop.checkout.placing import refunds, updates
from shop.checkout.placing.refunds import PartRefund
from shop.checkout.placing.transactions import OrderTransactions, Work
from shop.checkout.pricing.coupons import Coupons
from shop.errors import CartOrdered, OutOfStock, PaymentRefused, PaymentUnavailable, QuoteChanged
from shop.money import Money

STOCK_TRIES = 3
"""PostgreSQL selects the rows of an UPDATE before it waits for their locks, and does not reconsider the others: units
that are returned meanwhile are found by the next try."""
LAST_RETRY_SECONDS = 3600
"""The longest pause between two attempts to advance an order."""

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

    @property
    def challenge_seconds(self) -> int:
        """How long the shopper has to pay or confirm with the provider, from the creation of the order."""
        return self._payments.seconds

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
            check_goods(quote, await stock.hold(connection, quote.cart_id, order.number, quote.wanted))
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

    async def find(self, order: Order) -> Payment | None:
        """The payment of an order, or None if the provider does not know it."""
        if is_free(order):
            return Payment(order.number, "authorised", order.quote.total)
        return await self._asked(self._payments.find(order.number))

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

    async def capture(self, order: Order) -> None:
        """Capture the payment."""
        if not is_free(order):
            await self._asked(self._payments.capture(order.number))

    async def pay(self, order: Order, claimant: str, *, who: str = "", why: str = "") -> Order | None:
        """Mark an order whose payment is captured as paid and settled."""
        return await self._step(order, "paid", claimant, settled=True, who=who, why=why)

    async def ship(self, order: Order, who: str = "", why: str = "") -> Order | None:
        """Mark an order as shipped: its units leave the shop. Raises OrderStateRefused."""
        return await self._step(order, "shipped", secrets.token_hex(8), settled=None, who=who, why=why)

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
        """Cancel an order; `release` returns the money unless it is `settled`. Raises OrderStateRefused.

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

    async def refund(self, order: Order, *, who: str = "", why: str = "", restock: bool = False) -> Order | None:
        """Mark an order as refunded, all that is left of it; `release` returns the money. Raises OrderStateRefused.

        `restock`: put its units on sale again, those that have come back too.
        """
        return await self._step(order, "refunded", secrets.token_hex(8), who=who, why=why, restock=restock)

    async def refund_part(self, order: Order, part: PartRefund, *, who: str, why: str) -> tuple[Order, Money]:
        """Refund a part of a paid or shipped order; return the order and the amount.

        `pay_refunds` returns the money. Raises OrderStateRefused, and InvalidInput for more than there is.
        """

        async def work(connection: AsyncConnection) -> tuple[Order, Money]:
            now = int(self.clock())
            found = await refunds.locked_order(connection, order.number)
            refund = refunds.next_refund(found, part, await refunds.refunds_of(connection, order.number), now)
            claim = {"settled": False, "claim": secrets.token_hex(8), "claimed_until": self.until()}
            after = await refunds.add(connection, found, refund, **claim)
            amount = order.quote.money(refund.amount)
            says = ", ".join((amount.format("en"), *(f"{count} × {sku}" for sku, count in part.skus.items())))
            event = OrderEvent(at=now, what="part refund", who=who, why=f"{says}: {why}" if why else says)
            await updates.note(connection, order.number, event.what, at=now, who=who, why=event.why)
            if part.restock:
                await _restock(connection, found, part.skus, event)
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

    async def note_event(self, order: Order, provider: str, event: PaymentEvent) -> None:
        """Store a message of the provider, once, and tell the operator what it says."""

        async def work(connection: AsyncConnection) -> None:
            now = int(self.clock())
            is_new = await updates.insert_event(connection, order.number, provider, event, at=now)
            if is_new and event.note:
                await updates.note(connection, order.number, "note", at=now, who=provider, why=event.note)

        await self._transactions.run(work)

    async def adopt_refunds(self, order: Order) -> None:
        """Take over what was refunded of an order at the provider, and not by this shop."""
        payment = await self.find(order)
        if payment is None or payment.refunded <= order.refunded or order.state not in refunds.REFUNDABLE:
            return

        async def work(connection: AsyncConnection) -> None:
            now = int(self.clock())
            found = await refunds.locked_order(connection, order.number)
            amount = min(payment.refunded - found.refunded, found.unrefunded.amount)
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

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.clock() * 1000)

    async def _created(self, work: Work[bool], wanted: Mapping[str, int], tries: int = STOCK_TRIES) -> bool:
        """Retry where stock was returned during the transaction."""
        try:
            return await self._transactions.run_first(work)
        except OutOfStock as error:
            if tries == 1 or any(there < wanted[sku] for sku, there in error.available.items()):
                raise
        return await self._created(work, wanted, tries - 1)

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
            await _move_stock(
                connection, order, to, restock=restock, event=OrderEvent(at=now, what=to, who=who, why=why)
            )
            if to == "failed" and order.quote.coupon:
                await self._coupons.restore(connection, order.quote.coupon, order.buyer.email)
            if tell:
                await self._emails.write(connection, to, after)
            return after

        after = await self._transactions.run(work)
        if after and to not in ("paid", "shipped"):
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


async def _move_stock(
    connection: AsyncConnection, order: Order, to: State, *, restock: bool, event: OrderEvent
) -> None:
    """Move the units of an order that has left its state for another."""
    if to == "placed":
        await stock.commit(connection, order.number, order.quote.wanted)
    elif to != "paid":
        units = await stock.hand_over(connection, order.number)
        if to == "refunded" and order.state == "shipped":
            back = refunds.restocked_items(await refunds.refunds_of(connection, order.number))
            units = dict(Counter(order.quote.wanted) - back)  # they had left the shop
            if restock:
                await _record(connection, order, units, "returned", event)
        elif to != "shipped" and not restock:
            await _record(connection, order, units, "written off", event)
        if to != "shipped" and restock:
            await stock.restore(connection, units)


async def _restock(connection: AsyncConnection, order: Order, skus: Mapping[str, int], event: OrderEvent) -> None:
    """Put items of a paid or shipped order on sale again."""
    if order.state == "paid":
        await stock.uncommit(connection, order.number, skus)
    else:
        await _record(connection, order, skus, "returned", event)
        await stock.restore(connection, skus)


async def _record(
    connection: AsyncConnection, order: Order, units: Mapping[str, int], kind: Kind, event: OrderEvent
) -> None:
    """Write into the history of the stock that units of an order have come back, or will not."""
    changes = []
    for sku, level in (await locked_levels(connection, list(units))).items():
        present = level.on_hand
        other = None if present is None else present + units[sku]
        # Units that are written off were on hand until now; those that are returned will be in a moment.
        before, after = (present, other) if kind == "returned" else (other, present)
        reason = f"order {order.number}" + (f": {event.why}" if event.why else "")
        changes.append(
            StockChange(sku=sku, kind=kind, before=before, after=after, reason=reason, who=event.who, at=event.at)
        )
    await record(connection, changes)


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


def check_goods(quote: Quote, sold: Mapping[str, Sold]) -> None:
    """Raise QuoteChanged unless everything is still what the quote says, at the same price."""
    agreed = {line.sku: Sold(line.price, line.title, line.variant) for line in quote.lines}
    changed = {sku: sold[sku].price for sku, thing in agreed.items() if sold[sku] != thing}
    if changed:
        raise QuoteChanged({sku: (price.amount, price.currency) for sku, price in changed.items()})

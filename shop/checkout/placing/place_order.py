"""Places an order exactly once, however often it is submitted and to whichever process; a failed one is undone.

The steps: record the intent and take the stock; authorise the payment; confirm the order and write its e-mail; take
the ordered lines out of the cart; capture the payment. docs/orders.md says what happens when a step fails or the
process dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Mapping, Sequence

import msgspec

from shop.cart.model import Cart
from shop.checkout.metrics import OrderMetrics
from shop.checkout.model import Buyer, Order, Quote
from shop.checkout.order_numbers import masked, new_number, new_secret
from shop.checkout.payments.provider import Payment, PaymentToken
from shop.checkout.placing.orders import key_of
from shop.checkout.placing.workflow import OrderWorkflow
from shop.errors import (
    IdempotencyKeyReused,
    InvalidInput,
    PaymentDeclined,
    PaymentRefused,
    PaymentUnavailable,
    StoreUnavailable,
    unforeseen,
)
from shop.i18n import noted
from shop.retry import jitter

CLOSING_SECONDS = 5.0
"""How long orders in progress may take to finish at shutdown."""
FIRST_LOOK_SECONDS = 0.05
LAST_LOOK_SECONDS = 1.0
ORDERED_BEFORE = noted(
    "Whether you have ordered this before cannot be looked up now. Please try again in a moment: you are not charged "
    "twice."
)

log = logging.getLogger(__name__)


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A submitted order: the quote that the shopper agreed to, the buyer, and how they pay."""

    quote: Quote
    buyer: Buyer
    token: PaymentToken | None = None
    """What the payment provider's own fields made of a card; None if the shopper pays on the provider's page, or
    nothing."""
    origin: str = ""
    """The shop's address as the shopper sees it, for the way back from the provider's page."""
    changes: bytes
    """Cart.changes when the quote was made: the ids of the cart's changes."""
    key: str = ""
    """The request's Idempotency-Key."""
    fingerprint: str = ""
    """A digest of the request's fields, by which a key is bound to them."""


class PlaceOrder:
    """Places orders. Equal submits share one order: those with the same state of a cart, or with the same key.

    A submit runs to completion even if its client disconnects.
    """

    def __init__(self, workflow: OrderWorkflow, metrics: OrderMetrics | None = None) -> None:
        self._workflow = workflow
        self._orders = workflow.orders
        self._transitions = workflow.transitions
        self._metrics = metrics or OrderMetrics()
        self._under_way: dict[tuple[str, ...], tuple[OrderRequest, asyncio.Task[Order]]] = {}
        self._tasks: set[asyncio.Task[Order]] = set()

    async def place(self, submission: OrderRequest) -> Order:
        """Place an order, or return the one that an equal submit placed.

        A cart has at most one pending order. A second submit waits for it to be decided, and returns that order if
        the decision takes too long. One that waits for its shopper ends if they now order something else.

        The order is placed or paid; or it is pending, because the provider has not answered or the shopper must
        confirm the payment at `order.challenge_path`.

        Raises InvalidInput for a quote without lines, OutOfStock, QuoteChanged, CartOrdered, CouponRefused,
        IdempotencyKeyReused, PaymentDeclined, StoreBusy and StoreUnavailable: nothing is charged then. Raises
        PaymentUnavailable where an equal submit has an order that cannot be read now. After PaymentDeclined the same
        cart can be submitted again.
        """
        if not submission.quote.lines:
            raise InvalidInput("Your cart is empty: there is nothing to order.")
        names = _names(submission)
        found = [self._under_way[name] for name in names if name in self._under_way]
        shared = next((task for other, task in found if not _reuses_key(submission, other)), None)
        return await asyncio.shield(shared or self._begin_named(submission, names))

    def _begin_named(self, submission: OrderRequest, names: Sequence[tuple[str, ...]]) -> asyncio.Task[Order]:
        """Begin to place an order, which equal submits share while it is under way."""
        free = [name for name in names if name not in self._under_way]
        task = self._begin(self._metrics.placing(self._place(submission)))
        for name in free:
            self._under_way[name] = submission, task
        task.add_done_callback(lambda _: [self._under_way.pop(name) for name in free])
        return task

    async def resume(self, number: str) -> Order:
        """Advance a pending order now, unless another process does: its shopper has answered the payment challenge.

        Returns the order as it is then; one that cannot advance now is left to recovery. Raises NotFound and
        StoreUnavailable.
        """
        return await asyncio.shield(self._begin(self._resume(number)))

    async def taken_out(self, number: str) -> Cart:
        """The cart of an order, without the ordered lines. Raises NotFound and StoreUnavailable."""
        return await self._workflow.take_out(await self._orders.find(number))

    async def close(self) -> None:
        """Wait for the orders in progress, for a bounded time. Recovery completes the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Awaitable[Order]) -> asyncio.Task[Order]:
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Order]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the client may have disconnected, and then nobody else retrieves it

    async def _place(self, submission: OrderRequest) -> Order:
        order, key, claimant = self._order(submission), _key(submission), secrets.token_hex(8)
        while not await self._transitions.create(order, key, claimant, submission.changes):
            earlier = await self._earlier(submission, key)
            other = earlier or await self._orders.pending_of(submission.quote.cart_id)
            if other is None:
                continue
            other = await self._decided(other)
            if is_replaced(other, submission) and await self._withdrawn(other.number):
                continue
            if earlier is not None:
                return _unless_failed(other)
            if other.state == "pending":
                return other
        try:
            payment = await self._transitions.authorise(
                order, submission.token.value if submission.token else "", submission.origin
            )
        except Exception as error:
            self._metrics.unknown(order, error)
            with contextlib.suppress(StoreUnavailable):
                await self._transitions.keep_share(order)
            return order
        return await self._paying(order, payment, claimant)

    async def _paying(self, order: Order, payment: Payment, claimant: str) -> Order:
        """Advance an order whose payment is known, even if that cannot be stored now."""
        try:
            order = await self._workflow.advance_payment(order, payment, claimant)
        except Exception as error:
            words = "Order %s: payment %s, later steps failed, will retry: %s"
            log.warning(words, masked(order.number), payment.status, error, exc_info=unforeseen(error))
            if payment.status == "declined":
                raise PaymentDeclined(payment.message) from error
        return _unless_failed(order)

    async def _resume(self, number: str) -> Order:
        claimant = secrets.token_hex(8)
        order = await self._transitions.claim_one(number, claimant)
        if order is not None:
            try:
                return await self._workflow.advance(order, claimant)
            except Exception as error:
                log.warning("Order %s: step failed, will retry: %s", masked(number), error, exc_info=unforeseen(error))
        return await self._orders.find(number)

    async def _withdrawn(self, number: str) -> bool:
        """Whether an order that waits for its shopper could be ended, because they order something else instead."""
        claimant = secrets.token_hex(8)
        order = await self._transitions.claim_one(number, claimant)
        if order is None:
            return False
        try:
            return (await self._workflow.withdraw(order, claimant)).state != "pending"
        except (PaymentUnavailable, PaymentRefused) as error:
            log.warning("Order %s: not replaced by another: %s", masked(number), error)
            return False

    async def _earlier(self, submission: OrderRequest, key: str | None) -> Order | None:
        """The order of an earlier equal submit; None if it has failed and no longer blocks this one."""
        quote = submission.quote
        try:
            if key and (by_key := await self._orders.with_key(key)):
                check_key(by_key, submission.fingerprint, quote.wanted)
                return by_key
            return await self._orders.of_cart(quote.cart_id, quote.revision, quote.change)
        except StoreUnavailable as error:
            raise PaymentUnavailable(ORDERED_BEFORE) from error

    async def _decided(self, order: Order) -> Order:
        """An order that another process is placing, once it is decided; still pending if that takes too long."""
        pause, loop = FIRST_LOOK_SECONDS, asyncio.get_running_loop()
        until = loop.time() + self._transitions.seconds
        while order.state == "pending" and not order.challenge_path and loop.time() < until:
            await asyncio.sleep(jitter(pause))
            pause = min(pause * 1.5, LAST_LOOK_SECONDS)
            with contextlib.suppress(StoreUnavailable):
                order = await self._workflow.reload(order)
        return order

    def _order(self, submission: OrderRequest) -> Order:
        now, buyer = int(self._transitions.clock()), submission.buyer
        if submission.quote.totals.total == 0:
            buyer = msgspec.structs.replace(buyer, card_brand="", card_last4="")
        return Order(
            number=new_number(),
            secret=new_secret(),
            state="pending",
            settled=False,
            created_at=now,
            changed_at=now,
            quote=submission.quote,
            buyer=buyer,
            fingerprint=submission.fingerprint if submission.key else "",
        )


def is_replaced(order: Order, submission: OrderRequest) -> bool:
    """Whether an order that waits for its shopper's payment is not what they order now: other goods, another address.

    A request that is repeated with its key is the same order.
    """
    if order.state != "pending" or not order.challenge_path or (order.fingerprint == submission.fingerprint != ""):
        return False
    before, now = order.quote, submission.quote
    same_goods = (before.lines, before.totals, before.method) == (now.lines, now.totals, now.method)
    return not same_goods or _recipient(order.buyer) != _recipient(submission.buyer)


def _recipient(buyer: Buyer) -> tuple[object, ...]:
    return (buyer.email, buyer.address, buyer.gift_note)


def check_key(order: Order, fingerprint: str, wanted: Mapping[str, int] | None = None) -> None:
    """Raise IdempotencyKeyReused unless the order of a key came from a request with this fingerprint, for these goods.

    `wanted`: quantities by sku; None if the goods have left the cart. Orders of earlier releases have no fingerprint.
    """
    same_request = order.fingerprint in ("", fingerprint)
    if not same_request or wanted not in (None, order.quote.wanted):
        raise IdempotencyKeyReused


def _reuses_key(submission: OrderRequest, other: OrderRequest) -> bool:
    """Whether a submit has the key of another with other content: the database decides whose order it is."""
    return submission.key != "" and submission.key == other.key and submission.fingerprint != other.fingerprint


def _names(submission: OrderRequest) -> list[tuple[str, ...]]:
    """What makes two submits equal: the state of the cart, or the key."""
    quote = submission.quote
    state = ("cart", quote.cart_id, str(quote.revision), quote.change)
    return [state, ("key", quote.cart_id, submission.key, submission.fingerprint)] if submission.key else [state]


def _key(submission: OrderRequest) -> str | None:
    return key_of(submission.quote.cart_id, submission.key) if submission.key else None


def _unless_failed(order: Order) -> Order:
    if order.state == "failed":
        raise PaymentDeclined(order.failure)
    return order

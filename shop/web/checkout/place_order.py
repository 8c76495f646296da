"""Handles POST /cart/checkout, which places the order.

Only amounts that the shopper has seen are charged. The form carries a signed token of the quote that it shows; if the
current quote differs, the form is shown again with the differences. API clients send no token, and order the cart at
current prices.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

import msgspec

from shop.cart.model import Cart, UseCoupon, new_change_id
from shop.checkout.model import Order, Quote
from shop.checkout.order_numbers import purchase_id
from shop.checkout.placing.ordering import Ordering
from shop.checkout.placing.orders import key_of
from shop.checkout.placing.place_order import ORDERED_BEFORE, check_key
from shop.checkout.pricing.quotes import QuoteResult
from shop.checkout.pricing.signed_quote import differences
from shop.errors import (
    CartBehind,
    CartOrdered,
    CouponRefused,
    OutOfStock,
    PaymentDeclined,
    PaymentUnavailable,
    QuoteChanged,
    StoreUnavailable,
)
from shop.i18n import gettext as _
from shop.i18n import noted
from shop.money import Money
from shop.web.checkout.fields import PaymentFields
from shop.web.checkout.replies import CheckoutReplies, all_reserved, checkout_state, field_errors_alert
from shop.web.checkout.submission import CheckoutSubmission, CheckoutSubmissions
from shop.web.checkout.views import Alert
from shop.web.http.limits import CARDS
from shop.web.http.reply import Reply, go_elsewhere, go_to
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link

NOTHING = noted("Nothing was ordered or charged.")
ORDERED = noted("Part of this has just been ordered, perhaps in another window. Here is what is left.")
BEHIND_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.0)
"""The pauses in which an order waits for a cart that lacks what its shopper has been shown."""

log = logging.getLogger(__name__)


class PlaceOrderHandlers:
    """Handles POST /cart/checkout. shop.web.checkout.routes makes one."""

    def __init__(
        self,
        site: Storefront,
        ordering: Ordering,
        submissions: CheckoutSubmissions,
        replies: CheckoutReplies,
        payment: PaymentFields,
    ) -> None:
        self._payment = payment
        self._site = site
        self._ordering = ordering
        self._submissions = submissions
        self._replies = replies

    async def place(self, request: ShopRequest) -> Reply:
        """Place the order, or show the form with errors or changes to confirm."""
        submission = await self._submissions.read(request)
        if not submission.cart.id:
            return await self._nothing_to_order(submission)
        try:
            submission, existing = await self._with_cart(submission)
            return await (self._ordered(submission, existing) if existing else self._order(submission))
        except StoreUnavailable as error:
            return await self._unavailable(submission, error)

    async def _order(self, submission: CheckoutSubmission) -> Reply:
        result = await self._calculate(submission)
        if not result.quote.lines:
            return await self._nothing_to_order(submission)
        submission = submission.for_quote(result)
        changes = submission.changes(result.quote)
        if submission.entries.problems:
            return await self._redisplay(submission, result, field_errors_alert(submission.entries.problems, changes))
        if changes:
            return await self._confirm(submission, result, changes)
        try:
            order = await self._ordering.place_order.place(submission.order_request(result.quote))
        except OutOfStock as error:
            result = await self._calculate(submission, available=error.available)
            return await self._redisplay(
                submission, result, Alert(_("Some items are no longer available"), (_(NOTHING),))
            )
        except CartOrdered as error:
            return await self._already_ordered(submission, result.quote, error.number)
        except QuoteChanged as error:
            new_prices = {sku: Money(*price) for sku, price in error.prices.items()}
            now = await self._calculate(submission, prices=new_prices)
            return await self._confirm(submission, now, differences(result.quote, now.quote))
        except CouponRefused as error:
            return await self._without_coupon(submission, result.quote, error.message)
        except PaymentDeclined as error:
            return await self._declined(submission, result.quote, error.message)
        if order.state == "placed":
            return await self._ordered(submission, order)
        return self._to_order(submission.request, order)

    async def _ordered(self, submission: CheckoutSubmission, order: Order) -> Reply:
        """An order that may still be in the cart. It is taken out now: the process that was to do it may have died."""
        if not order.firm:
            return self._to_order(submission.request, order)
        cookies = []
        with contextlib.suppress(StoreUnavailable):
            cart = await self._ordering.place_order.taken_out(order.number)
            cookies = self._site.sessions.shows(submission.request, cart)
        return go_to(submission.request, order.path, headers=cookies)

    async def _already_ordered(self, submission: CheckoutSubmission, quote: Quote, number: str) -> Reply:
        """The form with what another order left in the cart; a redirect to that order if the cart is empty."""
        submission = msgspec.structs.replace(submission, cart=await self._ordering.place_order.taken_out(number))
        now = await self._calculate(submission)
        if not now.quote.lines:
            return go_to(submission.request, (await self._ordering.orders.find(number)).path)
        return await self._confirm(submission, now, (_(ORDERED), *differences(quote, now.quote)))

    async def _without_coupon(self, submission: CheckoutSubmission, quote: Quote, message: str) -> Reply:
        """Remove the coupon, which this shopper cannot use, and show the new total to confirm."""
        change = UseCoupon(new_change_id(), int(self._site.clock()), "")
        submission = msgspec.structs.replace(
            submission, cart=await self._ordering.carts.apply(submission.cart.id, change)
        )
        now = await self._calculate(submission)
        return await self._confirm(submission, now, (message, *differences(quote, now.quote)))

    async def _with_cart(self, submission: CheckoutSubmission) -> tuple[CheckoutSubmission, Order | None]:
        """The submission with its cart, and the order of an earlier identical submit, also without the cart store."""
        try:
            submission = msgspec.structs.replace(submission, cart=await self._whole_cart(submission.cart.id))
        except StoreUnavailable:
            if existing := await self._existing_order(submission):
                return submission, existing
            raise
        return submission, await self._existing_order(submission)

    async def _whole_cart(self, cart_id: str) -> Cart:
        """The cart with all that its shopper has been shown, which another process may be about to store.

        Raises StoreUnavailable, CartBehind if it does not come.
        """
        cart = await self._ordering.carts.get(cart_id)
        for seconds in BEHIND_SECONDS:
            if not cart.behind:
                return cart
            await asyncio.sleep(seconds)
            cart = await self._ordering.carts.get(cart_id)
        if cart.behind:
            raise CartBehind
        return cart

    async def _existing_order(self, submission: CheckoutSubmission) -> Order | None:
        """The order of an earlier identical submit: the cart has changed since the form was shown then."""
        try:
            if seen := submission.outdated_quote:
                return await self._ordering.orders.of_cart(seen.cart_id, seen.revision, seen.change)
            if submission.key and not submission.cart.active:
                existing = await self._ordering.orders.with_key(key_of(submission.cart.id, submission.key))
                if existing:
                    check_key(existing, submission.fingerprint)
                return existing
        except StoreUnavailable as error:
            raise PaymentUnavailable(ORDERED_BEFORE) from error
        return None

    async def _redisplay(
        self, submission: CheckoutSubmission, result: QuoteResult, alert: Alert, *, status: int = 422
    ) -> Reply:
        entries = submission.entries
        checkout = checkout_state(result, entries, guessed=not entries.country_code, alert=alert)
        return await self._replies.redisplay(submission.request, checkout, status)

    async def _declined(self, submission: CheckoutSubmission, quote: Quote, message: str) -> Reply:
        """The form for another card; the order's items are reserved again."""
        await self._site.limits.add(submission.request.scope, CARDS)
        reserved = await self._ordering.reservations.reserve(quote.cart_id, quote.wanted)
        result = await self._calculate(submission, available=reserved.quantities)
        field = self._payment.first
        entries = msgspec.structs.replace(submission.entries, problems={field: message})
        checkout = checkout_state(
            result,
            entries,
            alert=Alert(_("The payment was declined"), (), (Link(message, f"#{field}"),)),
            reserved_until=reserved.until if all_reserved(result, reserved.reserved) else 0,
        )
        return await self._replies.redisplay(submission.request, checkout, 422)

    async def _confirm(self, submission: CheckoutSubmission, result: QuoteResult, changes: tuple[str, ...]) -> Reply:
        paragraphs = (_("Something has changed since you saw it. Nothing was ordered or charged."),)
        alert = Alert(_("Please check once more"), paragraphs, changes=changes, tone="changed")
        return await self._redisplay(submission, result, alert, status=409)

    async def _nothing_to_order(self, submission: CheckoutSubmission) -> Reply:
        return await self._replies.empty(submission.request, submission.currency, status=422)

    async def _unavailable(self, submission: CheckoutSubmission, error: StoreUnavailable) -> Reply:
        """The form with its entries and the quote that it showed. Raises the error if that is unknown."""
        if submission.seen is None or submission.token is None:
            raise error
        log.warning("Order not placed, the shopper is asked to retry: %s", error)
        retry_hint = (
            ()
            if isinstance(error, PaymentUnavailable)
            else (_("Nothing was ordered or charged. Please try again in a moment."),)
        )
        alert = Alert(_("This did not work"), (error.message, *retry_hint))
        return await self._replies.unavailable(
            submission.request, submission.seen, submission.token, submission.entries, alert
        )

    async def _calculate(
        self,
        submission: CheckoutSubmission,
        available: Mapping[str, int] | None = None,
        prices: Mapping[str, Money] | None = None,
    ) -> QuoteResult:
        """Quote the cart as it would be ordered now. Stock is checked when the order is placed.

        Until the country is understood, the form shows what it showed before.
        """
        shown = submission.seen.country_code if submission.seen else self._ordering.quotes.terms.home
        return await self._ordering.quotes.calculate(
            submission.cart,
            submission.currency,
            submission.entries.country_code or shown,
            submission.entries.text["method"],
            region=submission.entries.region,
            vat_id=submission.entries.vat_id,
            now=int(self._site.clock()),
            available=available or {},
            prices=prices,
        )

    def _to_order(self, request: ShopRequest, order: Order) -> Reply:
        """A redirect to the order; to the provider's page or the bank if the shopper has to pay or confirm there."""
        cookies = []
        if order.firm:
            purchase = purchase_id(order.number)
            cookies = self._site.sessions.latest(request, order.quote.cart_id, purchase, order.created_at)
        if order.pays_elsewhere:
            return go_elsewhere(request, order.challenge_path)
        return go_to(request, order.confirm_path or order.path, headers=cookies)

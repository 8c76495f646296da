"""The order: POST /cart/checkout.

Nothing is charged that was not shown: the form carries a signed token of what it shows, and where something else would
be ordered now, the page comes back and says so. Programs send no token and have seen nothing; they order what there is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from shop.cart.model import UseCoupon, new_change_id
from shop.checkout.model import Order, Quote
from shop.checkout.payments.card import NUMBER
from shop.checkout.placing.ordering import Ordering
from shop.checkout.placing.orders import key_of
from shop.checkout.placing.place_order import ORDERED_BEFORE
from shop.checkout.pricing.quotes import QuoteResult
from shop.checkout.pricing.signed_quote import differences
from shop.errors import (
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
from shop.web.checkout.replies import CheckoutReplies, all_reserved, mend, proposed
from shop.web.checkout.submission import CheckoutSubmission, CheckoutSubmissions
from shop.web.checkout.views import Alert
from shop.web.http.reply import Reply, go_to
from shop.web.http.request import ShopRequest
from shop.web.render.paths import order_path
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link

NOTHING = noted("Nothing was ordered or charged.")
ORDERED = noted("Part of this has just been ordered, perhaps in another window. Here is what is left.")

log = logging.getLogger(__name__)


class PlaceOrderHandlers:
    """Handles POST /cart/checkout."""

    def __init__(
        self, site: Storefront, ordering: Ordering, submissions: CheckoutSubmissions, replies: CheckoutReplies
    ) -> None:
        self._site = site
        self._ordering = ordering
        self._submissions = submissions
        self._replies = replies

    async def place(self, request: ShopRequest) -> Reply:
        """Order, or say what has to be mended or agreed to first."""
        submission = await self._submissions.read(request)
        if not submission.cart.id:
            return await self._nothing_to_order(submission)
        try:
            submission, earlier = await self._looked_up(submission)
            return _to_order(submission.request, earlier) if earlier else await self._order(submission)
        except StoreUnavailable as error:
            return await self._unavailable(submission, error)

    async def _order(self, submission: CheckoutSubmission) -> Reply:
        proposal = await self._propose(submission)
        if not proposal.quote.lines:
            return await self._nothing_to_order(submission)
        changes = submission.changes(proposal.quote)
        if submission.entries.problems:
            return await self._again(submission, proposal, mend(submission.entries.problems, changes))
        if changes:
            return await self._confirm(submission, proposal, changes)
        try:
            order = await self._ordering.place_order.place(submission.submission(proposal.quote))
        except OutOfStock as error:
            proposal = await self._propose(submission, available=error.available)
            return await self._again(submission, proposal, Alert(_("Some of this is no longer there"), (_(NOTHING),)))
        except CartOrdered as error:
            return await self._ordered_meanwhile(submission, proposal.quote, error.number)
        except QuoteChanged as error:
            today = {sku: Money(*price) for sku, price in error.prices.items()}
            now = await self._propose(submission, prices=today)
            return await self._confirm(submission, now, differences(proposal.quote, now.quote))
        except CouponRefused as error:
            return await self._without_coupon(submission, proposal.quote, error.message)
        except PaymentDeclined as error:
            return await self._declined(submission, proposal.quote, error.message)
        return _to_order(submission.request, order)

    async def _ordered_meanwhile(self, submission: CheckoutSubmission, quote: Quote, number: str) -> Reply:
        """What another order has left in the cart; off to that order where that is nothing."""
        submission = msgspec.structs.replace(submission, cart=await self._ordering.place_order.taken_out(number))
        now = await self._propose(submission)
        if not now.quote.lines:
            return go_to(submission.request, order_path(number))
        return await self._confirm(submission, now, (_(ORDERED), *differences(quote, now.quote)))

    async def _without_coupon(self, submission: CheckoutSubmission, quote: Quote, words: str) -> Reply:
        """What it comes to without the coupon, which is taken out of the cart: this shopper cannot use it."""
        change = UseCoupon(new_change_id(), int(self._site.clock()), "")
        submission = msgspec.structs.replace(
            submission, cart=await self._ordering.carts.apply(submission.cart.id, change)
        )
        now = await self._propose(submission)
        return await self._confirm(submission, now, (words, *differences(quote, now.quote)))

    async def _looked_up(self, submission: CheckoutSubmission) -> tuple[CheckoutSubmission, Order | None]:
        """The attempt with its cart, and the order that an equal submit has made: that also where carts are away."""
        try:
            submission = msgspec.structs.replace(submission, cart=await self._ordering.carts.get(submission.cart.id))
        except StoreUnavailable:
            if earlier := await self._earlier(submission):
                return submission, earlier
            raise
        return submission, await self._earlier(submission)

    async def _earlier(self, submission: CheckoutSubmission) -> Order | None:
        """The order that an equal submit has made before: the cart is no longer what the form has shown."""
        try:
            if seen := submission.outdated:
                return await self._ordering.orders.of_cart(seen.cart_id, seen.revision, seen.change)
            if submission.key and not submission.cart.active:
                return await self._ordering.orders.with_key(key_of(submission.cart.id, submission.key))
        except StoreUnavailable as error:
            raise PaymentUnavailable(ORDERED_BEFORE) from error
        return None

    async def _again(
        self, submission: CheckoutSubmission, proposal: QuoteResult, alert: Alert, *, status: int = 422
    ) -> Reply:
        checkout = proposed(proposal, submission.entries, alert=alert)
        return await self._replies.again(submission.request, checkout, status)

    async def _declined(self, submission: CheckoutSubmission, quote: Quote, words: str) -> Reply:
        """The form for another card; what the order had taken is set aside again meanwhile."""
        reserved = await self._ordering.reservations.reserve(quote.cart_id, quote.wanted)
        proposal = await self._propose(submission, available=reserved.quantities)
        entries = msgspec.structs.replace(submission.entries, problems={NUMBER: words})
        checkout = proposed(
            proposal,
            entries,
            alert=Alert(_("The payment was declined"), (), (Link(words, f"#{NUMBER}"),)),
            until=reserved.until if all_reserved(proposal, reserved.quantities) else 0,
        )
        return await self._replies.again(submission.request, checkout, 422)

    async def _confirm(self, submission: CheckoutSubmission, proposal: QuoteResult, changes: tuple[str, ...]) -> Reply:
        words = (_("Something has changed since you saw it. Nothing was ordered or charged."),)
        alert = Alert(_("Please look once more"), words, changes=changes, tone="changed")
        return await self._again(submission, proposal, alert, status=409)

    async def _nothing_to_order(self, submission: CheckoutSubmission) -> Reply:
        return await self._replies.empty(submission.request, submission.currency, status=422)

    async def _unavailable(self, submission: CheckoutSubmission, error: StoreUnavailable) -> Reply:
        """The form as it was typed with what it had shown, where we know that."""
        if submission.seen is None or submission.token is None:
            raise error
        log.warning("An order could not be taken: %s", error)
        again = (
            ()
            if isinstance(error, PaymentUnavailable)
            else (_("Nothing was ordered or charged. Please try again in a moment."),)
        )
        alert = Alert(_("This did not work"), (error.message, *again))
        return await self._replies.unavailable(
            submission.request, submission.seen, submission.token, submission.entries, alert
        )

    async def _propose(
        self,
        submission: CheckoutSubmission,
        available: Mapping[str, int] | None = None,
        prices: Mapping[str, Money] | None = None,
    ) -> QuoteResult:
        """What would be ordered now. Whether there is enough of it, ordering it tells."""
        return await self._ordering.quotes.calculate(
            submission.cart,
            submission.currency,
            submission.entries.country_code,
            submission.entries.text["method"],
            now=int(self._site.clock()),
            available=available or {},
            prices=prices,
        )


def _to_order(request: ShopRequest, order: Order) -> Reply:
    """Off to the order, or to the bank where that wants to ask the shopper first."""
    return go_to(request, order.challenge_path or order_path(order.number))

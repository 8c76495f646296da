"""The order: POST /cart/checkout.

Nothing is charged that was not shown: the form carries a signed token of what it shows, and where something else would
be ordered now, the page comes back and says so. Programs send no token and have seen nothing; they order what there is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

import msgspec

from shop.cart.model import ID_BYTES, Cart, UseCoupon, new_change_id
from shop.cart.service import CartService
from shop.checkout.card import NUMBER, brand_of
from shop.checkout.consent import Consent, differences
from shop.checkout.model import Order, Quote
from shop.checkout.placing import ORDERED_BEFORE, PlaceOrder, Submission
from shop.checkout.quoting import Proposal, Quotes
from shop.checkout.repository import Orders, key_of
from shop.checkout.reserving import Reservations
from shop.errors import (
    CartOrdered,
    CouponRefused,
    OutOfStock,
    PaymentDeclined,
    PaymentUnavailable,
    QuoteChanged,
    StoreUnavailable,
)
from shop.money import Money
from shop.web.change_ids import idempotency_key
from shop.web.checkout_form import Entries, day_of, read_entries
from shop.web.checkout_replies import CheckoutReplies, all_held, mend, proposed
from shop.web.checkout_views import Alert
from shop.web.forms import Form, read_form
from shop.web.origin import letters_origin
from shop.web.paths import order_path
from shop.web.prices import Currencies
from shop.web.respond import Reply, go_to
from shop.web.session import Sessions
from shop.web.views import Link
from shop.web.visit import Visit, WebRequest

NOTHING = "Nothing was ordered or charged."
ORDERED = "Part of this has just been ordered, perhaps in another window. Here is what is left."
UNSEEN = "This form was open for very long, or is not from here. Please look at your order once more."

log = logging.getLogger(__name__)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to order: with which form, from which cart as it is now."""

    visit: Visit
    cart: Cart
    entries: Entries
    currency: str
    seen: Quote | None
    """What the form showed, where it carries a token of ours that still counts and is of this cart."""
    token: str | None
    """The token as it came; None for a form without one."""
    key: str
    """The Idempotency-Key."""


class Placing:
    """Handles POST /cart/checkout. `writes`: whether confirmations are really sent."""

    def __init__(
        self,
        carts: CartService,
        quotes: Quotes,
        reservations: Reservations,
        placing: PlaceOrder,
        orders: Orders,
        consent: Consent,
        sessions: Sessions,
        currencies: Currencies,
        replies: CheckoutReplies,
        public_url: str = "",
        clock: Callable[[], float] = time.time,
        *,
        writes: bool = False,
    ) -> None:
        self._carts = carts
        self._quotes = quotes
        self._reservations = reservations
        self._placing = placing
        self._orders = orders
        self._consent = consent
        self._sessions = sessions
        self._currencies = currencies
        self._replies = replies
        self._public_url = public_url
        self._clock = clock
        self._writes = writes

    async def place(self, request: WebRequest) -> Reply:
        """Order, or say what has to be mended or agreed to first."""
        visit = Visit(request.scope)
        form = await read_form(request, visit)
        session = self._sessions.read(visit)
        attempt = self._attempt(visit, form, Cart(session.cart_id if session else ""))
        if session is None:
            return await self._nothing_to_order(attempt)
        try:
            attempt, earlier = await self._looked_up(attempt)
            return _to_order(visit, earlier) if earlier else await self._order(attempt)
        except StoreUnavailable as error:
            return await self._unavailable(attempt, error)

    async def _order(self, attempt: Attempt) -> Reply:
        proposal = await self._propose(attempt)
        if not proposal.quote.lines:
            return await self._nothing_to_order(attempt)
        changes = self._changes(attempt, proposal.quote)
        if attempt.entries.problems:
            return await self._again(attempt, proposal, mend(attempt.entries.problems, changes))
        if changes:
            return await self._confirm(attempt, proposal, changes)
        try:
            order = await self._placing.place(self._submission(attempt, proposal.quote))
        except OutOfStock as error:
            proposal = await self._propose(attempt, available=error.available)
            return await self._again(attempt, proposal, Alert("Some of this is no longer there", (NOTHING,)))
        except CartOrdered as error:
            return await self._ordered_meanwhile(attempt, proposal.quote, error.number)
        except QuoteChanged as error:
            today = {sku: Money(*price) for sku, price in error.prices.items()}
            now = await self._propose(attempt, prices=today)
            return await self._confirm(attempt, now, differences(proposal.quote, now.quote))
        except CouponRefused as error:
            return await self._without_coupon(attempt, proposal.quote, str(error))
        except PaymentDeclined as error:
            return await self._declined(attempt, proposal.quote, str(error))
        return _to_order(attempt.visit, order)

    async def _ordered_meanwhile(self, attempt: Attempt, quote: Quote, number: str) -> Reply:
        """What another order has left in the cart; off to that order where that is nothing."""
        attempt = msgspec.structs.replace(attempt, cart=await self._placing.taken_out(number))
        now = await self._propose(attempt)
        if not now.quote.lines:
            return go_to(attempt.visit, order_path(number))
        return await self._confirm(attempt, now, (ORDERED, *differences(quote, now.quote)))

    async def _without_coupon(self, attempt: Attempt, quote: Quote, words: str) -> Reply:
        """What it comes to without the coupon, which is taken out of the cart: this shopper cannot use it."""
        change = UseCoupon(new_change_id(), int(self._clock()), "")
        attempt = msgspec.structs.replace(attempt, cart=await self._carts.apply(attempt.cart.id, change))
        now = await self._propose(attempt)
        return await self._confirm(attempt, now, (words, *differences(quote, now.quote)))

    async def _looked_up(self, attempt: Attempt) -> tuple[Attempt, Order | None]:
        """The attempt with its cart, and the order that an equal submit has made: that also where carts are away."""
        try:
            attempt = msgspec.structs.replace(attempt, cart=await self._carts.get(attempt.cart.id))
        except StoreUnavailable:
            if earlier := await self._earlier(attempt):
                return attempt, earlier
            raise
        return attempt, await self._earlier(attempt)

    async def _earlier(self, attempt: Attempt) -> Order | None:
        """The order that an equal submit has made before: the cart is no longer what the form has shown."""
        seen, cart = attempt.seen, attempt.cart
        try:
            if seen is not None and (seen.revision, seen.change) != (cart.revision, cart.changes[-ID_BYTES:].hex()):
                return await self._orders.of_cart(seen.cart_id, seen.revision, seen.change)
            if attempt.key and not cart.active:
                return await self._orders.with_key(key_of(cart.id, attempt.key))
        except StoreUnavailable as error:
            raise PaymentUnavailable(ORDERED_BEFORE) from error
        return None

    def _changes(self, attempt: Attempt, quote: Quote) -> tuple[str, ...]:
        """What the shopper has to agree to first. Where it goes they have said themselves."""
        if attempt.seen is not None:
            there = msgspec.structs.replace(attempt.seen, country_code=quote.country_code)
            return differences(attempt.seen, quote) if differences(there, quote) else ()
        return (UNSEEN,) if attempt.visit.is_browser or attempt.token is not None else ()

    async def _again(self, attempt: Attempt, proposal: Proposal, alert: Alert, *, status: int = 422) -> Reply:
        checkout = proposed(proposal, attempt.entries, alert=alert)
        return await self._replies.again(attempt.visit, checkout, status)

    async def _declined(self, attempt: Attempt, quote: Quote, words: str) -> Reply:
        """The form for another card; what the order had taken is set aside again meanwhile."""
        held = await self._reservations.hold(quote.cart_id, quote.wanted)
        proposal = await self._propose(attempt, available=held)
        entries = msgspec.structs.replace(attempt.entries, problems={NUMBER: words})
        checkout = proposed(
            proposal,
            entries,
            alert=Alert("The payment was declined", (), (Link(words, f"#{NUMBER}"),)),
            held=self._reservations.seconds if all_held(proposal, held) else 0,
        )
        return await self._replies.again(attempt.visit, checkout, 422)

    async def _confirm(self, attempt: Attempt, proposal: Proposal, changes: tuple[str, ...]) -> Reply:
        words = (f"Something has changed since you saw it. {NOTHING}",)
        alert = Alert("Please look once more", words, changes=changes, tone="changed")
        return await self._again(attempt, proposal, alert, status=409)

    async def _nothing_to_order(self, attempt: Attempt) -> Reply:
        return await self._replies.empty(attempt.visit, attempt.currency, status=422)

    async def _unavailable(self, attempt: Attempt, error: StoreUnavailable) -> Reply:
        """The form as it was typed with what it had shown, where we know that."""
        if attempt.seen is None or attempt.token is None:
            raise error
        log.warning("An order could not be taken: %s", error)
        again = () if isinstance(error, PaymentUnavailable) else (f"{NOTHING} Please try again in a moment.",)
        alert = Alert("This did not work", (str(error), *again))
        return await self._replies.unavailable(attempt.visit, attempt.seen, attempt.token, attempt.entries, alert)

    def _attempt(self, visit: Visit, form: Form, cart: Cart) -> Attempt:
        token = form.fields.get("seen")
        seen = self._consent.unseal(token) if token else None
        return Attempt(
            visit=visit,
            cart=cart,
            entries=read_entries(form, day_of(self._clock())),
            currency=self._currencies.prices(visit.cookies.get("currency")).currency,
            seen=seen if seen and seen.cart_id == cart.id else None,
            token=token,
            key=idempotency_key(visit),
        )

    def _submission(self, attempt: Attempt, quote: Quote) -> Submission:
        card = attempt.entries.card
        assert card is not None, "what has no problems has a card"
        return Submission(
            quote=quote,
            changes=attempt.cart.changes,
            email=attempt.entries.text["email"],
            address=attempt.entries.address,
            card=card,
            card_brand=brand_of(card.number),
            origin=letters_origin(attempt.visit, self._public_url, writes=self._writes),
            key=attempt.key,
        )

    async def _propose(
        self,
        attempt: Attempt,
        available: Mapping[str, int] | None = None,
        prices: Mapping[str, Money] | None = None,
    ) -> Proposal:
        """What would be ordered now. Whether there is enough of it, ordering it tells."""
        return await self._quotes.propose(
            attempt.cart,
            attempt.currency,
            attempt.entries.country_code,
            attempt.entries.text["method"],
            now=int(self._clock()),
            available=available or {},
            prices=prices,
        )


def _to_order(visit: Visit, order: Order) -> Reply:
    """Off to the order, or to the bank where that wants to ask the shopper first."""
    return go_to(visit, order.challenge_path or order_path(order.number))

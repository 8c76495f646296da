"""The checkout page: the form and what it comes to; and a look at what was typed. The order itself is in placing.py."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec

from shop.cart.model import Cart
from shop.checkout.placing.ordering import Ordering
from shop.checkout.pricing.countries import name_of
from shop.checkout.pricing.quotes import QuoteResult
from shop.errors import StoreUnavailable
from shop.web.checkout.form import Entries, day_of, problems_of_some, read_entries
from shop.web.checkout.replies import CheckoutReplies, all_reserved, proposed
from shop.web.http.country_guess import guessed_country
from shop.web.http.forms import read_form
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session
from shop.web.render.storefront import Storefront


class CheckoutHandlers:
    """Handles the checkout up to the order.

    Who opens it has the pieces of the cart set aside; a browser that fetches it ahead of a click has not.
    """

    def __init__(self, site: Storefront, ordering: Ordering, replies: CheckoutReplies) -> None:
        self._site = site
        self._ordering = ordering
        self._replies = replies

    async def show(self, request: ShopRequest) -> Reply:
        """GET /checkout: the form, and what it comes to where the shopper probably is."""
        cart, currency = await self._cart(self._site.sessions.read(request)), self._currency(request)
        chosen = currency if "currency" in request.cookies else ""
        code = guessed_country(chosen, request.header(b"accept-language"), self._ordering.quotes.terms.home)
        asked_for = request.method == "GET" and not request.is_prefetch
        (proposal, until), waiting = await asyncio.gather(
            self._propose(cart, currency, code, "", holds=asked_for), self._waiting(cart)
        )
        if not proposal.quote.lines:
            return await self._replies.empty(request, currency)
        entries = Entries({"country": name_of(code)})
        return await self._replies.shown(
            request, proposed(proposal, entries, guessed=True, until=until, waiting=waiting)
        )

    async def summary(self, request: ShopRequest) -> Reply:
        """POST /checkout/summary: what it comes to for a country and a way of shipping."""
        today = day_of(self._site.clock())
        form = await read_form(request)
        entries = read_entries(form, today)
        entries = msgspec.structs.replace(entries, problems=problems_of_some(form, today))
        cart, currency = await self._cart(self._site.sessions.read(request)), self._currency(request)
        proposal, until = await self._propose(cart, currency, entries.country_code, entries.text["method"])
        if not proposal.quote.lines:
            return await self._replies.empty(request, currency)
        return await self._replies.quoted(request, proposed(proposal, entries, until=until))

    async def check(self, request: ShopRequest) -> Reply:
        """POST /checkout/check: what is wrong with the fields that are sent."""
        form = await read_form(request)
        return self._replies.checked(problems_of_some(form, day_of(self._site.clock())))

    async def _propose(
        self, cart: Cart, currency: str, code: str, method: str, *, holds: bool = True
    ) -> tuple[QuoteResult, int]:
        """What the cart comes to, its pieces set aside: until when (seconds since the epoch), if all are; else 0."""
        wanted = {line.sku: line.quantity for line in cart.active}
        reserved = (
            await self._ordering.reservations.reserve(cart.id, wanted)
            if holds and self._ordering.reservations.seconds
            else None
        )
        available = reserved.quantities if reserved else None
        proposal = await self._ordering.quotes.calculate(
            cart, currency, code, method, now=int(self._site.clock()), available=available
        )
        return proposal, reserved.until if reserved and all_reserved(proposal, reserved.quantities) else 0

    async def _waiting(self, cart: Cart) -> str:
        """The number of the order of this cart that its bank has not decided yet, '' for none.

        Asked while the rest is worked out, so that nobody waits for it; a checkout can do without the answer.
        """
        with suppress(StoreUnavailable):
            if cart.id and (order := await self._ordering.orders.pending_of(cart.id)):
                return order.number
        return ""

    async def _cart(self, session: Session | None) -> Cart:
        return await self._ordering.carts.get(session.cart_id) if session else Cart("")

    def _currency(self, request: ShopRequest) -> str:
        return self._site.currency(request)

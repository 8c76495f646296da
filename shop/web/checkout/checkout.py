"""The checkout page: the form and what it comes to; and a look at what was typed. The order itself is in placing.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from shop.cart.model import Cart
from shop.cart.service import CartService
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.reservations import Reservations
from shop.checkout.pricing.countries import name_of
from shop.checkout.pricing.quotes import Proposal, Quotes
from shop.errors import StoreUnavailable
from shop.web.checkout.form import Entries, day_of, problems_of_some, read_entries
from shop.web.checkout.replies import CheckoutReplies, all_held, proposed
from shop.web.http.country_guess import guessed_country
from shop.web.http.forms import read_form
from shop.web.http.reply import Reply
from shop.web.http.request import Visit, WebRequest
from shop.web.http.session import Session, Sessions
from shop.web.render.prices import Currencies


class CheckoutHandlers:
    """Handles the checkout up to the order.

    Who opens it has the pieces of the cart set aside; a browser that fetches it ahead of a click has not.
    """

    def __init__(
        self,
        carts: CartService,
        quotes: Quotes,
        reservations: Reservations,
        orders: Orders,
        sessions: Sessions,
        currencies: Currencies,
        replies: CheckoutReplies,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._carts = carts
        self._quotes = quotes
        self._reservations = reservations
        self._orders = orders
        self._sessions = sessions
        self._currencies = currencies
        self._replies = replies
        self._clock = clock

    async def show(self, request: WebRequest) -> Reply:
        """GET /checkout: the form, and what it comes to where the shopper probably is."""
        visit = Visit(request.scope)
        cart, currency = await self._cart(self._sessions.read(visit)), self._currency(visit)
        chosen = currency if "currency" in visit.cookies else ""
        code = guessed_country(chosen, visit.header(b"accept-language"), self._quotes.terms.home)
        asked_for = request.method == "GET" and not visit.looks_ahead
        (proposal, until), waiting = await asyncio.gather(
            self._propose(cart, currency, code, "", holds=asked_for), self._waiting(cart)
        )
        if not proposal.quote.lines:
            return await self._replies.empty(visit, currency)
        entries = Entries({"country": name_of(code)})
        return await self._replies.shown(visit, proposed(proposal, entries, guessed=True, until=until, waiting=waiting))

    async def summary(self, request: WebRequest) -> Reply:
        """POST /checkout/summary: what it comes to for a country and a way of shipping."""
        visit, today = Visit(request.scope), day_of(self._clock())
        form = await read_form(request, visit)
        entries = read_entries(form, today)
        entries = msgspec.structs.replace(entries, problems=problems_of_some(form, today))
        cart, currency = await self._cart(self._sessions.read(visit)), self._currency(visit)
        proposal, until = await self._propose(cart, currency, entries.country_code, entries.text["method"])
        if not proposal.quote.lines:
            return await self._replies.empty(visit, currency)
        return await self._replies.quoted(visit, proposed(proposal, entries, until=until))

    async def check(self, request: WebRequest) -> Reply:
        """POST /checkout/check: what is wrong with the fields that are sent."""
        form = await read_form(request, Visit(request.scope))
        return self._replies.checked(problems_of_some(form, day_of(self._clock())))

    async def _propose(
        self, cart: Cart, currency: str, code: str, method: str, *, holds: bool = True
    ) -> tuple[Proposal, int]:
        """What the cart comes to, its pieces set aside: until when (seconds since the epoch), if all are; else 0."""
        wanted = {line.sku: line.quantity for line in cart.active}
        held = await self._reservations.hold(cart.id, wanted) if holds and self._reservations.seconds else None
        available = held.pieces if held else None
        proposal = await self._quotes.propose(cart, currency, code, method, now=int(self._clock()), available=available)
        return proposal, held.until if held and all_held(proposal, held.pieces) else 0

    async def _waiting(self, cart: Cart) -> str:
        """The number of the order of this cart that its bank has not decided yet, '' for none.

        Asked while the rest is worked out, so that nobody waits for it; a checkout can do without the answer.
        """
        with suppress(StoreUnavailable):
            if cart.id and (order := await self._orders.pending_of(cart.id)):
                return order.number
        return ""

    async def _cart(self, session: Session | None) -> Cart:
        return await self._carts.get(session.cart_id) if session else Cart("")

    def _currency(self, visit: Visit) -> str:
        return self._currencies.prices(visit.cookies.get("currency")).currency

"""Handles the checkout form, its summary and its validation. place_order.py handles the order."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec

from shop.cart.model import Cart
from shop.checkout.model import Order
from shop.checkout.placing.ordering import Ordering
from shop.checkout.pricing.countries import name_of
from shop.checkout.pricing.quotes import QuoteResult
from shop.errors import StoreUnavailable
from shop.web.checkout.fields import PaymentFields
from shop.web.checkout.form import Entries, day_of, problems_of_sent_fields, read_entries
from shop.web.checkout.replies import CheckoutReplies, checkout_state
from shop.web.http.country_guess import guessed_country
from shop.web.http.forms import read_form
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session
from shop.web.render.storefront import Storefront


class CheckoutHandlers:
    """Handles the checkout before the order, which reserves nothing. shop.web.checkout.routes makes one."""

    def __init__(self, site: Storefront, ordering: Ordering, replies: CheckoutReplies, payment: PaymentFields) -> None:
        self._payment = payment
        self._site = site
        self._ordering = ordering
        self._replies = replies

    async def show(self, request: ShopRequest) -> Reply:
        """GET /checkout: the form, with the totals for the guessed country."""
        cart, currency = await self._cart(self._site.sessions.read(request)), self._currency(request)
        code = self._guess(request)
        (result, reserved_until), pending = await asyncio.gather(
            self._calculate(cart, currency, Entries({"country": code})), self._pending(cart)
        )
        if not result.quote.lines:
            return await self._replies.empty(request, currency)
        entries = Entries({"country": code})
        if not result.methods:
            entries = entries.not_shipped(name_of(code))
        return await self._replies.page(
            request,
            checkout_state(result, entries, guessed=True, reserved_until=reserved_until, pending_order=pending),
        )

    async def summary(self, request: ShopRequest) -> Reply:
        """POST /checkout/summary: the totals for a country and a shipping method.

        A country that is not understood is a problem of its field; the totals are those of the guessed one meanwhile.
        """
        form = await read_form(request)
        entries = read_entries(form, day_of(self._site.clock()), self._payment)
        entries = msgspec.structs.replace(entries, problems=problems_of_sent_fields(form, entries, self._payment))
        cart, currency = await self._cart(self._site.sessions.read(request)), self._currency(request)
        code = entries.country_code or self._guess(request)
        (result, reserved_until), pending = await asyncio.gather(
            self._calculate(cart, currency, entries, code), self._pending(cart)
        )
        if not result.quote.lines:
            return await self._replies.empty(request, currency)
        if result.region_missing and entries.country_code and entries.text["state"]:
            entries = entries.without_region()
        if not result.methods:
            entries = entries.not_shipped(name_of(code))
        state = checkout_state(
            result,
            entries,
            guessed=not entries.country_code,
            reserved_until=reserved_until,
            pending_order=pending,
            free_before=bool(form.fields.get("free")),
        )
        return await self._replies.summary(request, state)

    async def check(self, request: ShopRequest) -> Reply:
        """POST /checkout/check: the errors of the submitted fields."""
        form = await read_form(request)
        entries = read_entries(form, day_of(self._site.clock()), self._payment)
        return self._replies.field_check(problems_of_sent_fields(form, entries, self._payment), entries.doubted)

    async def _calculate(self, cart: Cart, currency: str, entries: Entries, guess: str = "") -> tuple[QuoteResult, int]:
        """Quote the cart; return the expiry if everything is reserved (seconds since the epoch), else 0.

        It is reserved if the shopper has tried to pay.
        """
        wanted = {line.sku: line.quantity for line in cart.active}
        return await asyncio.gather(
            self._ordering.quotes.calculate(
                cart,
                currency,
                entries.country_code or guess,
                entries.text.get("method", ""),
                region=entries.region,
                vat_id=entries.vat_id,
                now=int(self._site.clock()),
            ),
            self._ordering.reservations.until(cart.id, wanted),
        )

    async def _pending(self, cart: Cart) -> Order | None:
        """This cart's order that waits for the bank.

        Runs in parallel with the quote, and is optional: None if the database is unavailable.
        """
        with suppress(StoreUnavailable):
            return await self._ordering.orders.pending_of(cart.id) if cart.id else None
        return None

    async def _cart(self, session: Session | None) -> Cart:
        return await self._ordering.carts.get(session.cart_id) if session else Cart("")

    def _guess(self, request: ShopRequest) -> str:
        """The country where the shopper probably is."""
        chosen = self._currency(request) if "currency" in request.cookies else ""
        return guessed_country(chosen, request.header(b"accept-language"), self._ordering.quotes.terms.home)

    def _currency(self, request: ShopRequest) -> str:
        return self._site.currency(request)

"""The page of an order, under an address that nobody can guess, and the look-up of an order.

The address has a secret beside the order's number: shoppers can save, print or e-mail it. The page needs no session, so
it opens on any device. Who has only the number, which is on parcels and told to the support, needs the e-mail address.
"""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest

import msgspec
from litestar.params import FromPath

from shop.cart.service import CartService
from shop.catalog.model import Offer
from shop.checkout.mail.address import mailbox
from shop.checkout.model import Order
from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.placing.credit_notes import CreditNotes
from shop.checkout.placing.invoices import Invoices
from shop.checkout.placing.orders import Orders
from shop.checkout.pricing.terms import Terms
from shop.errors import InvalidInput, NotFound, StoreUnavailable
from shop.i18n import gettext as _
from shop.i18n import noted
from shop.web.checkout.views import Alert
from shop.web.http.forms import Form, read_form
from shop.web.http.origin import origin_of
from shop.web.http.reply import NO_STORE, Header, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.order.order_builder import order_view, own_order, title_of
from shop.web.order.own_orders import LIFETIME, OwnOrders
from shop.web.order.views import FindOrderView, OwnOrdersView
from shop.web.render.storefront import Storefront

UNKNOWN = noted("We have no order with this number and this e-mail address. Please check both.")
INCOMPLETE = noted("The address alone does not open the order. Please enter the order’s e-mail address too.")
MAX_FIELD = 254
"""Characters of a field; the rest is cut off."""


class OrderHandlers:
    """Handles /order and /orders."""

    def __init__(
        self,
        site: Storefront,
        orders: Orders,
        carts: CartService,
        terms: Terms,
        invoices: Invoices,
        credit_notes: CreditNotes,
        own_orders: OwnOrders,
    ) -> None:
        self._credit_notes = credit_notes
        self._own_orders = own_orders
        self._invoices = invoices
        self._site = site
        self._terms = terms
        self._orders = orders
        self._carts = carts

    async def show(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """GET /order/{number}?key=SECRET; without the right key, the look-up of this number. Raises NotFound."""
        canonical = typed_number(number)
        if not canonical:
            raise NotFound("There is no order at this address. Its number has 16 letters and digits.")
        order = await self._orders.get(canonical)
        if order is None or not order.opened_by(request.query_params.get("key", "")):
            return await self._form(
                request, grouped(canonical), "", Alert(_("Is this your order?"), (_(INCOMPLETE),)), 404
            )
        if number != canonical:
            return go_to(request, order.path)
        badge, headers = await self._badge(request, order)
        headers += self._remembered(request, order)
        shell = await self._site.shell(request, title_of(order), path=order.path)
        view = order_view(
            order,
            shell,
            origin_of(request, self._site.public_url),
            await self._offers(order),
            self._site.pictures,
            self._terms,
            self._site.zone,
            has_invoice=self._invoices.may_have(order),
            sends_email=self._site.sends_email,
            credited=await self._credit_notes.credits(order),
            parcels=await self._orders.parcels(canonical) if order.firm else (),
        )
        view = msgspec.structs.replace(view, badge=badge)
        if request.wants_fragment:
            return html(self._site.templates.fragments("order/changed.html", view), headers=headers, cache=NO_STORE)
        return html(self._site.templates.render("order/page.html", view, badge), headers=headers, cache=NO_STORE)

    async def own(self, request: ShopRequest) -> Reply:
        """GET /orders: the latest orders of this browser. Those whose person was erased have no page any more."""
        numbers = self._own_orders.numbers(request)
        found = [order for order in await self._orders.several(numbers) if order.secret]
        shell = await self._site.shell(request, _("Your orders"), path="/orders")
        view = OwnOrdersView(shell, tuple(own_order(order, self._site.zone) for order in found))
        return html(self._site.templates.render("order/own.html", view, request.badge), cache=NO_STORE)

    async def ask(self, request: ShopRequest) -> Reply:
        """GET /order: the look-up form."""
        return await self._form(request, "", "")

    async def find(self, request: ShopRequest) -> Reply:
        """POST /order: number and email. A wrong number and a wrong e-mail address get the same reply."""
        form = await read_form(request)
        number, email = _text(form, "number"), _text(form, "email")
        order = await self._orders.get(typed_number(number))
        expected = order.buyer.email if order else ""
        is_theirs = compare_digest(mailbox(expected).encode(), mailbox(email).encode())
        if order and expected and is_theirs:  # an erased order has none
            return go_to(request, order.path)
        alert = Alert(_("Nothing was found"), (_(UNKNOWN),))
        return await self._form(request, number, email, alert, 422)

    async def _form(
        self, request: ShopRequest, number: str, email: str, alert: Alert | None = None, status: int = 200
    ) -> Reply:
        shell = await self._site.shell(
            request, _("Error: Find an order") if alert else _("Find an order"), path="/order"
        )
        page = self._site.templates.render("order/find.html", FindOrderView(shell, number, email, alert), request.badge)
        return html(page, status=status, cache=NO_STORE)

    async def _offers(self, order: Order) -> Mapping[str, Offer]:
        """What is still sold of what was bought; nothing while the catalogue cannot be read."""
        try:
            return await self._site.catalog.offers(line.sku for line in order.quote.lines)
        except StoreUnavailable:
            return {}

    def _remembered(self, request: ShopRequest, order: Order) -> list[Header]:
        """The cookie that remembers an order of this browser's own cart; nothing if it does already."""
        session = self._site.sessions.read(request)
        if session is None or session.cart_id != order.quote.cart_id:
            return []
        value = self._own_orders.with_order(request, order.number)
        return [self._site.sessions.remember_orders(request, value, LIFETIME)] if value else []

    async def _badge(self, request: ShopRequest, order: Order) -> tuple[str, list[Header]]:
        """The cart's badge and its cookie, corrected if this shopper's own order has just emptied the cart."""
        session = self._site.sessions.read(request)
        if session is None or session.cart_id != order.quote.cart_id or not order.firm:
            return request.badge, []
        try:
            cart = await self._carts.get(session.cart_id)
        except StoreUnavailable:
            return request.badge, []
        cookies = self._site.sessions.correct_count(request, cart.quantity)
        if cookies:
            cookies += self._site.sessions.shows(request, cart)
        return str(cart.quantity or ""), cookies


def _text(form: Form, name: str) -> str:
    try:
        return form.text(name)[:MAX_FIELD]
    except InvalidInput:
        return ""

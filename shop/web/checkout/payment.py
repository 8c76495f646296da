"""Handles the demo bank's page, where a shopper confirms a challenged payment, or answers for a bank that takes days.

Real providers host such pages themselves; the demo bank is part of the shop, and its page says so.
"""

from __future__ import annotations

import logging
from typing import Protocol

from litestar.params import FromPath

from shop.checkout.model import Order
from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.payments.demo import NOT_ARRIVED, UNCONFIRMED, DemoPayments
from shop.checkout.payments.provider import Payment
from shop.checkout.placing.orders import Orders
from shop.errors import InvalidInput, NotFound, StoreUnavailable
from shop.i18n import gettext as _
from shop.web.checkout.views import PaymentView
from shop.web.http.forms import read_form
from shop.web.http.reply import NO_STORE, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront

ANSWERS = {"approve": True, "refuse": False}

log = logging.getLogger(__name__)


class OrderResumer(Protocol):
    """Resumes orders; shop.checkout.placing.place_order.PlaceOrder does."""

    async def resume(self, number: str) -> object:
        """Advance an order whose payment was confirmed or refused. Raises NotFound and StoreUnavailable."""


class PaymentHandlers:
    """Handles /payment/{number}?key=SECRET, with the key of the order's page."""

    def __init__(self, site: Storefront, payments: DemoPayments, orders: Orders, resumer: OrderResumer) -> None:
        self._site = site
        self._payments = payments
        self._orders = orders
        self._resumer = resumer

    async def ask(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """GET: asks for the answer; redirects to the order if there is one already."""
        order, payment = await self._find(request, number)
        if payment.status not in ("challenged", "processing"):
            return go_to(request, order.path)
        path = f"/payment/{order.number}?key={order.secret}"
        shell = await self._site.shell(request, _("Confirm your payment"), path=path)
        takes_days = payment.status == "processing"
        view = PaymentView(shell, path, payment.amount.format(), grouped(order.number), takes_days)
        return html(self._site.templates.render("checkout/challenge.html", view, request.badge), cache=NO_STORE)

    async def answer(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """POST: approve or refuse. Only the first answer counts."""
        approved = ANSWERS.get((await read_form(request)).text("answer"))
        if approved is None:
            raise InvalidInput("Please choose whether to confirm this payment.", field="answer")
        order, payment = await self._find(request, number)
        why = NOT_ARRIVED if payment.status == "processing" else UNCONFIRMED
        await self._payments.confirm(order.number, approved=approved, message=why)
        try:
            await self._resumer.resume(order.number)
        except StoreUnavailable as error:
            log.warning("Payment answered, but its order was not advanced, will retry: %s", error)
        return go_to(request, order.path)

    async def _find(self, request: ShopRequest, number: str) -> tuple[Order, Payment]:
        known = typed_number(number)
        order = await self._orders.get(known) if known else None
        payment = await self._payments.find(known) if order else None
        if order is None or payment is None or not order.opened_by(request.query_params.get("key", "")):
            raise NotFound("There is no such payment.")
        return order, payment

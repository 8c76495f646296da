"""Handles the demo bank's page, where a shopper confirms a challenged payment.

Real providers host such pages themselves; the demo bank is part of the shop, and its page says so.
"""

from __future__ import annotations

import logging
from typing import Protocol

from litestar.params import FromPath

from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Payment
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
    """Handles /payment/{key}. The key is the order's number; as for the order, anyone who knows it may act."""

    def __init__(self, site: Storefront, payments: DemoPayments, orders: OrderResumer) -> None:
        self._site = site
        self._payments = payments
        self._orders = orders

    async def ask(self, request: ShopRequest, key: FromPath[str]) -> Reply:
        """GET /payment/{key}: the challenge; redirects to the order if it is already answered."""
        payment = await self._find(key)
        key = payment.key
        if payment.status != "challenged":
            return go_to(request, f"/order/{key}")
        shell = await self._site.shell(request, _("Confirm your payment"), path=f"/payment/{key}")
        view = PaymentView(shell, f"/payment/{key}", payment.amount.format(), grouped(key))
        return html(self._site.templates.render("checkout/challenge.html", view, request.badge), cache=NO_STORE)

    async def answer(self, request: ShopRequest, key: FromPath[str]) -> Reply:
        """POST /payment/{key}: approve or refuse. Only the first answer counts."""
        approved = ANSWERS.get((await read_form(request)).text("answer"))
        if approved is None:
            raise InvalidInput("Please choose whether to confirm this payment.", field="answer")
        key = (await self._find(key)).key
        await self._payments.confirm(key, approved=approved)
        try:
            await self._orders.resume(key)
        except StoreUnavailable as error:
            log.warning("Payment answered, but its order was not advanced, will retry: %s", error)
        return go_to(request, f"/order/{key}")

    async def _find(self, key: str) -> Payment:
        number = typed_number(key)
        payment = await self._payments.find(number) if number else None
        if payment is None:
            raise NotFound("There is no such payment.")
        return payment

"""The demonstration bank's page, where a shopper confirms a payment that the bank asks them about.

A real provider has pages of its own for this; here the bank is part of the shop, and the page says so.
"""

from __future__ import annotations

import logging
from typing import Protocol

from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Payment
from shop.errors import InvalidInput, NotFound, StoreUnavailable
from shop.i18n import gettext as _
from shop.web.checkout.views import PaymentView
from shop.web.http.forms import read_form
from shop.web.http.reply import NO_STORE, Reply, go_to, html
from shop.web.http.request import Visit, WebRequest
from shop.web.render.prices import Currencies
from shop.web.render.shell import ShellBuilder
from shop.web.render.templating import Templates

ANSWERS = {"approve": True, "refuse": False}

log = logging.getLogger(__name__)


class Resumes(Protocol):
    """Whoever goes on with orders."""

    async def resume(self, number: str) -> object:
        """Go on with an order whose payment was confirmed or refused. Raises NotFound, StoreUnavailable."""


class PaymentHandlers:
    """Handles /payment/{key}; the key of a payment is the number of its order, and as with that, who has it may act."""

    def __init__(
        self,
        payments: DemoPayments,
        orders: Resumes,
        shells: ShellBuilder,
        currencies: Currencies,
        templates: Templates,
    ) -> None:
        self._payments = payments
        self._orders = orders
        self._shells = shells
        self._currencies = currencies
        self._templates = templates

    async def ask(self, request: WebRequest) -> Reply:
        """GET /payment/{key}; a payment that has its answer is shown where its order is."""
        visit, payment = Visit(request.scope), await self._find(request)
        key = payment.key
        if payment.status != "challenged":
            return go_to(visit, f"/order/{key}")
        await self._shells.refresh()
        currency = self._currencies.prices(visit.cookies.get("currency")).currency
        shell = self._shells.shell(_("Confirm your payment"), path=f"/payment/{key}", currency=currency)
        view = PaymentView(shell, f"/payment/{key}", payment.amount.format(), grouped(key))
        return html(self._templates.render("payment/challenge.html", view, visit.badge), cache=NO_STORE)

    async def answer(self, request: WebRequest) -> Reply:
        """POST /payment/{key}: answer, approve or refuse. Of several answers the first one counts."""
        visit = Visit(request.scope)
        approved = ANSWERS.get((await read_form(request, visit)).text("answer"))
        if approved is None:
            raise InvalidInput("Please choose whether to confirm this payment.", field="answer")
        key = (await self._find(request)).key
        await self._payments.confirm(key, approved=approved)
        try:
            await self._orders.resume(key)
        except StoreUnavailable as error:
            log.warning("A payment has its answer, and its order is gone on with later: %s", error)
        return go_to(visit, f"/order/{key}")

    async def _find(self, request: WebRequest) -> Payment:
        number = typed_number(str(request.path_params["key"]))
        payment = await self._payments.find(number) if number else None
        if payment is None:
            raise NotFound("There is no such payment.")
        return payment

"""The orders on the page for operators, and what they may do about one, as by the commands of `shop orders`.

Everything that changes an order is asked about first: the reply to a form says what it would do, and has a form that
does it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import get_args

import msgspec
from litestar.params import FromPath

from shop.checkout.model import Order, State, check_step
from shop.checkout.order_numbers import masked, typed_number
from shop.checkout.payments.provider import Payment
from shop.checkout.placing.operator_changes import OrderChange, Outcome
from shop.checkout.placing.orders import OrderQuery
from shop.checkout.placing.refunds import PartRefund
from shop.checkout.placing.typed_parts import read_amount, read_parcel
from shop.errors import (
    InvalidInput,
    NotFound,
    OrderStateRefused,
    PaymentRefused,
    PaymentUnavailable,
    ShopError,
    StoreUnavailable,
)
from shop.parts import Parts
from shop.typed import one_line
from shop.web.http.forms import Form, read_form
from shop.web.http.reply import NO_STORE, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.operations.order_builder import order_row, order_view
from shop.web.operations.sign_in import OPERATOR, PATH, OperatorAccess
from shop.web.operations.views import ConfirmView, OrdersView
from shop.web.render.storefront import Storefront

LOOK_SECONDS = 2.0
MOST_ORDERS = 50
MAX_TEXT = 500
KEPT = ("why", "message", "restock", "amount", "outcome", "carrier", "tracking")
"""Fields that a form and its confirmation share, beside the quantities."""
REFUSALS = (InvalidInput, OrderStateRefused, PaymentRefused)

log = logging.getLogger(__name__)


class Wish(msgspec.Struct, frozen=True):
    """What an operator wants to do: `plan` says what it would do, `do` does it."""

    title: str
    plan: str
    do: Callable[[], Awaitable[object]]


class OperatorOrders:
    """Handles /operations/orders."""

    def __init__(self, site: Storefront, parts: Parts, access: OperatorAccess) -> None:
        self._site = site
        self._parts = parts
        self._access = access

    async def index(self, request: ShopRequest) -> Reply:
        """GET /operations/orders?q=…&state=…: the newest orders; a whole number leads to its order."""
        if refusal := self._access.refusal(request):
            return refusal
        text = one_line(request.query_params.get("q", "")[:MAX_TEXT])
        state = request.query_params.get("state", "")
        if (number := typed_number(text)) and await self._parts.orders.get(number):
            return go_to(request, f"{PATH}/orders/{number}")
        query = OrderQuery(
            state=state if state in get_args(State) else None,  # type: ignore[arg-type]
            unsettled=state == "unsettled",
            text=text,
            limit=MOST_ORDERS,
        )
        rows = tuple(map(order_row, await self._parts.orders.page(query)))
        view = OrdersView(rows, text, state, ("unsettled", *get_args(State)), MOST_ORDERS)
        return html(self._site.templates.fragments("operations/orders.html", view), cache=NO_STORE)

    async def show(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """GET /operations/orders/{number}. Raises NotFound."""
        return self._access.refusal(request) or await self._page(await self._order(number))

    async def act(self, request: ShopRequest, number: FromPath[str], action: FromPath[str]) -> Reply:
        """POST /operations/orders/{number}/{action}: asks whether to do it, unless it is `sure`. Raises NotFound."""
        if refusal := self._access.refusal(request):
            return refusal
        order, form = await self._order(number), await read_form(request)
        try:
            wish = await self._wish(action, form, order)
            if form.fields.get("sure") != "yes":
                return self._confirm(order, action, wish, form.fields)
            await wish.do()
        except REFUSALS as error:
            return await self._page(await self._order(number), alert=str(error), status=error.status)
        return go_to(request, f"{PATH}/orders/{order.number}")

    async def _order(self, number: str) -> Order:
        return await self._parts.orders.find(typed_number(number))

    async def _page(self, order: Order, *, alert: str = "", status: int = 200) -> Reply:
        history, payment = await asyncio.gather(self._parts.orders.history(order.number), self._payment(order))
        view = order_view(order, payment, history, alert)
        return html(self._site.templates.fragments("operations/order.html", view), status=status, cache=NO_STORE)

    async def _payment(self, order: Order) -> Payment | None:
        """The payment, if the provider tells of it soon."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._parts.payments.find(order.number)
        except (ShopError, TimeoutError):
            return None

    def _confirm(self, order: Order, action: str, wish: Wish, fields: Mapping[str, str]) -> Reply:
        kept = {name: fields[name] for name in (*KEPT, *quantity_fields(order)) if fields.get(name)}
        kept |= {"refunded_before": fields.get("refunded_before", str(order.refunded)), "sure": "yes"}
        view = ConfirmView(order_row(order), action, wish.title, wish.plan, kept)
        return html(self._site.templates.fragments("operations/confirm.html", view), cache=NO_STORE)

    async def _wish(self, action: str, form: Form, order: Order) -> Wish:
        """What a form asks for. Raises NotFound for an unknown action, InvalidInput and OrderStateRefused."""
        why, restock = one_line(form.text("why"))[:MAX_TEXT], form.fields.get("restock") == "yes"
        if action == "ship":
            parcel = read_parcel({}, one_line(form.text("carrier")), one_line(form.text("tracking")))
            return self._change("Ship", order, OrderChange(to="shipped", why=why, parcel=parcel))
        if action == "cancel":
            message = one_line(form.text("message"))[:MAX_TEXT]
            change = OrderChange(to="cancelled", why=why, message=message, restock=restock)
            return self._change("Cancel", order, change)
        if action == "refund":
            amount, skus = form.text("amount")[:MAX_TEXT], read_quantities(form, order)
            if amount or skus:
                return await self._part_refund(order, read_part(form, order, amount, skus, restock=restock), why)
            return self._change("Refund", order, OrderChange(to="refunded", why=why, restock=restock))
        if action == "resolve":
            return self._resolution(order, form.fields.get("outcome", ""), why)
        raise NotFound("There is no such page.")

    def _change(self, title: str, order: Order, change: OrderChange) -> Wish:
        check_step(order.number, order.state, change.to)

        async def do() -> None:
            after = await self._parts.operator_changes.change(order, change, who=OPERATOR)
            await self._paid_out(after, self._parts.operator_changes.return_money(after))

        return Wish(title, change.plan(order), do)

    async def _part_refund(self, order: Order, part: PartRefund, why: str) -> Wish:
        changes = self._parts.operator_changes
        money = await changes.cost_of_refund(order, part)

        async def do() -> None:
            after, _money = await changes.refund_part(order, part, who=OPERATOR, why=why)
            await self._paid_out(after, changes.pay_refunds(after))

        return Wish("Refund", f"This would refund {money.format()} of {order.quote.total.format()}.", do)

    def _resolution(self, order: Order, outcome: str, why: str) -> Wish:
        known = [each for each in get_args(Outcome) if each == outcome]
        if not known or not why:
            raise InvalidInput(NO_OUTCOME)
        plan = f"This would end it as {outcome}. The payment provider is not asked, and no money moves."
        return Wish(
            "Resolve", plan, lambda: self._parts.operator_changes.resolve(order, known[0], who=OPERATOR, why=why)
        )

    async def _paid_out(self, order: Order, returning: Awaitable[object]) -> None:
        """Return money. The shop retries later what the provider cannot do now. Raises PaymentRefused."""
        try:
            await returning
        except PaymentRefused as error:
            raise PaymentRefused(f"{error} {REFUSED_ADVICE}") from error
        except (PaymentUnavailable, StoreUnavailable) as error:
            log.warning("Order %s: returning the money failed, will retry: %s", masked(order.number), error)


NO_OUTCOME = "Choose how the payment ended, and write how you know it: it goes into the history."
TWO_PARTS = "Enter an amount or quantities of items, not both."
NO_ITEMS = "Items can return to stock if they are chosen: enter how many of each."
REFUSED_ADVICE = "Look at the provider. When the money is with the shopper, resolve the order as settled."


def quantity_fields(order: Order) -> dict[str, str]:
    """The skus of an order by the names of the fields for their quantities."""
    return {f"quantity-{position}": sku for position, sku in enumerate(order.quote.wanted)}


def read_quantities(form: Form, order: Order) -> dict[str, int]:
    """The quantities by sku that are above 0. Raises InvalidInput."""
    counts = {sku: form.count(name, 0) for name, sku in quantity_fields(order).items()}
    return {sku: count for sku, count in counts.items() if count}


def read_part(form: Form, order: Order, amount: str, skus: Mapping[str, int], *, restock: bool) -> PartRefund:
    """The part of an order that a form wants to refund. Raises InvalidInput."""
    if amount and skus:
        raise InvalidInput(TWO_PARTS)
    if amount and restock:
        raise InvalidInput(NO_ITEMS)
    return PartRefund(
        amount=read_amount(amount, order.quote.currency) if amount else None,
        skus=skus,
        restock=restock,
        refunded_before=form.count("refunded_before", order.refunded),
    )

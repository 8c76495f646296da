"""Builds the views of orders for operators: pure."""

from __future__ import annotations

from collections.abc import Sequence

from shop.checkout.model import NEXT, Order, OrderEvent
from shop.checkout.order_numbers import grouped
from shop.checkout.payments.provider import Payment
from shop.checkout.placing.operator_facts import facts_of, minute, state_of, told
from shop.web.operations.views import OperatorOrderView, OrderLine, OrderRow


def order_row(order: Order) -> OrderRow:
    """An order in a list."""
    return OrderRow(
        number=grouped(order.number),
        path=f"/operations/orders/{order.number}",
        placed=minute(order.created_at),
        state=state_of(order),
        total=order.quote.total.format(),
        units=sum(line.quantity for line in order.quote.lines),
        email=order.buyer.email,
    )


def order_view(
    order: Order, payment: Payment | None, history: Sequence[OrderEvent], alert: str = ""
) -> OperatorOrderView:
    """The page of an order. `alert`: why something was refused."""
    quote, may = order.quote, NEXT[order.state]
    wanted = quote.wanted
    return OperatorOrderView(
        row=order_row(order),
        lines=tuple(
            OrderLine(sku, line.name, quantity, f"quantity-{position}")
            for position, ((sku, quantity), line) in enumerate(zip(wanted.items(), quote.lines, strict=True))
        ),
        facts=tuple((name, value) for name, value in facts_of(order, payment).items() if value),
        history=tuple(map(told, history)),
        alert=alert,
        left=order.unrefunded.format(),
        refunded=order.refunded,
        ships="shipped" in may,
        cancels="cancelled" in may,
        refunds="refunded" in may,
        outcomes=outcomes_of(order),
    )


def outcomes_of(order: Order) -> tuple[str, ...]:
    """The outcomes by which an order can be resolved."""
    if order.settled:
        return ()
    return ("paid", "failed") if order.state in ("pending", "placed") else ("settled",)

"""`shop orders ship`, `cancel` and `refund`.

The order's state changes first, with everything in the shop's own database, and the payment provider is called after
that. So a refused step has no effect, and a running shop finishes an interrupted one.
"""

from __future__ import annotations

import click

from shop.checkout.model import Order, State, check_step
from shop.checkout.order_numbers import grouped
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.transitions import OrderTransitions
from shop.commands.orders.show import find
from shop.errors import PaymentUnavailable, StoreUnavailable
from shop.parts import opened
from shop.settings import Settings

_PLANS = {
    "cancelled": "This would refund {total} and return the items to stock.",
    "refunded": "This would refund {total}; the items would not return to stock.",
}


async def change_order(settings: Settings, number: str, to: State, *, yes: bool) -> None:
    """Move an order to another state; without `yes`, only say what that would do.

    Raises NotFound, OrderStateRefused and StoreUnavailable, and without `yes` click.UsageError.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        check_step(order.number, order.state, to)
        if not yes:
            plan = _PLANS[to].format(total=order.quote.total.format())
            raise click.UsageError(f"Order {grouped(order.number)} is {order.state}. {plan} Add --yes to do it.")
        order = await _step(parts.orders, parts.transitions, order, to)
        click.echo(f"Order {grouped(order.number)} is {order.state}.")
        await parts.stock_sync.refresh()
        if not order.settled:
            await _release(parts.transitions, order)


async def _step(orders: Orders, transitions: OrderTransitions, order: Order, to: State) -> Order:
    """Take one step. Retries if another process changes the order at the same time, while the step is still allowed."""
    do = {"shipped": transitions.ship, "cancelled": transitions.cancel, "refunded": transitions.refund}[to]
    while (after := await do(order)) is None:
        order = await find(orders, order.number)
    return after


async def _release(transitions: OrderTransitions, order: Order) -> None:
    total = order.quote.total.format()
    try:
        await transitions.release(order)
    except (PaymentUnavailable, StoreUnavailable) as error:
        click.echo(f"{error} A running shop will retry until {total} is refunded.", err=True)
    else:
        click.echo(f"{total} refunded.")

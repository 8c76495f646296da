"""What an operator does to an order: `shop orders ship`, `cancel` and `refund`.

The state changes first, with all that the shop itself has to do for it, and the bank is asked then. So a step that is
refused has done nothing, and one that is cut short is finished by a running shop.
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
    "cancelled": "{total} would go back to the shopper, and the pieces on sale again.",
    "refunded": "{total} would go back to the shopper; the pieces would not be on sale again.",
}


async def change_order(settings: Settings, number: str, to: State, *, yes: bool) -> None:
    """Bring an order to another state; without `yes` only say what that would do.

    Raises NotFound, OrderStateRefused and StoreUnavailable.
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
    """One step, also where the order is changed by somebody else meanwhile, as long as it may still be taken."""
    do = {"shipped": transitions.ship, "cancelled": transitions.cancel, "refunded": transitions.refund}[to]
    while (after := await do(order)) is None:
        order = await find(orders, order.number)
    return after


async def _release(transitions: OrderTransitions, order: Order) -> None:
    total = order.quote.total.format()
    try:
        await transitions.release(order)
    except (PaymentUnavailable, StoreUnavailable) as error:
        click.echo(f"{error} A running shop asks again, until {total} are given back.", err=True)
    else:
        click.echo(f"{total} are given back.")

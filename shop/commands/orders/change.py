"""What an operator does to an order: `shop orders ship`, `cancel` and `refund`.

The state changes first, with all that the shop itself has to do for it, and the bank is asked then. So a step that is
refused has done nothing, and one that is cut short is finished by a running shop.
"""

from __future__ import annotations

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.exchange_rates import read_rates
from shop.catalog.stock.sync import Shelf
from shop.checkout.mail.order_emails import Letters
from shop.checkout.mail.outbox import Outbox
from shop.checkout.model import Order, State, check_step
from shop.checkout.order_numbers import grouped
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.transactions import Till
from shop.checkout.placing.transitions import Steps
from shop.checkout.pricing.coupons import Coupons
from shop.commands.orders.show import find, opened
from shop.errors import PaymentUnavailable, StoreUnavailable
from shop.settings import Settings

_PLANS = {
    "cancelled": "{total} would go back to the shopper, and the pieces on sale again.",
    "refunded": "{total} would go back to the shopper; the pieces would not be on sale again.",
}


async def change_order(settings: Settings, number: str, to: State, *, yes: bool) -> None:
    """Bring an order to another state; without `yes` only say what that would do.

    Raises NotFound, OrderStateRefused and StoreUnavailable.
    """
    async with opened(settings) as engine:
        orders, shelf = Orders(engine), Shelf(engine, settings.currency)
        order = await find(orders, number)
        check_step(order.number, order.state, to)
        if not yes:
            plan = _PLANS[to].format(total=order.quote.total.format())
            raise click.UsageError(f"Order {grouped(order.number)} is {order.state}. {plan} Add --yes to do it.")
        steps = _steps(engine, settings, shelf)
        order = await _step(orders, steps, order, to)
        click.echo(f"Order {grouped(order.number)} is {order.state}.")
        await shelf.refresh()
        if not order.settled:
            await _release(steps, order)


def _steps(engine: AsyncEngine, settings: Settings, shelf: Shelf) -> Steps:
    coupons, letters = Coupons(engine, read_rates(settings.exchange_rates)), Letters(Outbox(engine))
    return Steps(Till(engine), coupons, DemoPayments(engine), letters, shelf.touched, seconds=settings.payment_seconds)


async def _step(orders: Orders, steps: Steps, order: Order, to: State) -> Order:
    """One step, also where the order is changed by somebody else meanwhile, as long as it may still be taken."""
    do = {"shipped": steps.ship, "cancelled": steps.cancel, "refunded": steps.refund}[to]
    while (after := await do(order)) is None:
        order = await find(orders, order.number)
    return after


async def _release(steps: Steps, order: Order) -> None:
    total = order.quote.total.format()
    try:
        await steps.release(order)
    except (PaymentUnavailable, StoreUnavailable) as error:
        click.echo(f"{error} A running shop asks again, until {total} are given back.", err=True)
    else:
        click.echo(f"{total} are given back.")

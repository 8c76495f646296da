"""What an operator does to an order: `shop orders ship`, `cancel` and `refund`.

The state changes first, with all that the shop itself has to do for it, and the bank is asked then. So a step that is
refused has done nothing, and one that is cut short is finished by a running shop.
"""

from __future__ import annotations

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.exchange_rates import read_rates
from shop.catalog.stock.sync import StockSync
from shop.checkout.mail.order_emails import OrderEmails
from shop.checkout.mail.outbox import Outbox
from shop.checkout.model import Order, State, check_step
from shop.checkout.order_numbers import grouped
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.transactions import OrderTransactions
from shop.checkout.placing.transitions import OrderTransitions
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
        orders, stock_sync = Orders(engine), StockSync(engine, settings.currency)
        order = await find(orders, number)
        check_step(order.number, order.state, to)
        if not yes:
            plan = _PLANS[to].format(total=order.quote.total.format())
            raise click.UsageError(f"Order {grouped(order.number)} is {order.state}. {plan} Add --yes to do it.")
        transitions = _transitions(engine, settings, stock_sync)
        order = await _step(orders, transitions, order, to)
        click.echo(f"Order {grouped(order.number)} is {order.state}.")
        await stock_sync.refresh()
        if not order.settled:
            await _release(transitions, order)


def _transitions(engine: AsyncEngine, settings: Settings, stock_sync: StockSync) -> OrderTransitions:
    coupons, emails = Coupons(engine, read_rates(settings.exchange_rates)), OrderEmails(Outbox(engine))
    return OrderTransitions(
        OrderTransactions(engine),
        coupons,
        DemoPayments(engine),
        emails,
        stock_sync.touched,
        seconds=settings.payment_seconds,
    )


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

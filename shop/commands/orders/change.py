"""`shop orders cancel`, `refund` and `resolve`."""

from __future__ import annotations

from collections.abc import Awaitable

import click

from shop.checkout.model import Order, check_step
from shop.checkout.order_numbers import grouped
from shop.checkout.placing.operator_changes import OrderChange, Outcome
from shop.commands.orders.show import find
from shop.commands.terminal import user
from shop.errors import PaymentRefused, PaymentUnavailable, StoreUnavailable
from shop.money import Money
from shop.parts import opened
from shop.settings import Settings


async def change_order(settings: Settings, number: str, change: OrderChange, *, yes: bool) -> None:
    """Change an order; without `yes`, only say what that would do.

    Raises NotFound, OrderStateRefused, PaymentRefused and StoreUnavailable, and without `yes` click.UsageError.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        check_step(order.number, order.state, change.to)
        if not yes:
            raise click.UsageError(
                f"Order {grouped(order.number)} is {order.state}. {change.plan(order)} Add --yes to do it."
            )
        order = await parts.operator_changes.change(order, change, who=user())
        click.echo(f"Order {grouped(order.number)} is {order.state}.")
        await parts.stock_sync.refresh()
        if not order.settled:
            await paid_out(parts.operator_changes.return_money(order), order, order.unrefunded)


async def resolve_order(settings: Settings, number: str, outcome: Outcome, why: str) -> None:
    """End an order whose payment the provider does not tell, because a person knows it.

    Raises NotFound, InvalidInput and StoreUnavailable, and OutOfStock for units that are sold meanwhile.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        order = await parts.operator_changes.resolve(order, outcome, who=user(), why=why)
        click.echo(f"Order {grouped(order.number)} is {order.state}.")
        await parts.stock_sync.refresh()


async def paid_out(returning: Awaitable[object], order: Order, amount: Money) -> None:
    """Wait until the provider has taken a refund, and say so. Raises PaymentRefused."""
    total = amount.format()
    try:
        await returning
    except PaymentRefused as error:
        raise PaymentRefused(
            f"{error} Look at the provider. When {total} is with the shopper, run `shop orders resolve "
            f"{grouped(order.number)} --settled`."
        ) from error
    except (PaymentUnavailable, StoreUnavailable) as error:
        click.echo(f"{error} A running shop will retry until {total} is refunded.", err=True)
    else:
        click.echo(f"{total} refunded.")

"""The options and help texts of `shop orders`. The work is in show.py and change.py beside this file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from shop.commands.cart.group import JSON, InOrder
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.checkout.model import State

STATES = ("pending", "failed", "placed", "paid", "shipped", "cancelled", "refunded")
NUMBER = click.argument("number")
YES = click.option("--yes", is_flag=True, help="Do it; without --yes the command only says what it would do.")


@click.group(cls=InOrder)
def orders() -> None:
    """List, show, ship, cancel and refund orders.

    NUMBER may contain dashes or spaces, and may be in lower case.
    """


@orders.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only orders in this state.")
@click.option("--unsettled", is_flag=True, help="Only orders still waiting for a payment, a shopper or a store.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number of orders.")
@JSON
def list_(state: State | None, unsettled: bool, limit: int, as_json: bool) -> None:
    """List orders, newest first."""
    from shop.commands.orders.show import list_orders

    list_orders(Settings.from_env(), state, unsettled=unsettled, limit=limit, as_json=as_json)


@orders.command()
@NUMBER
@JSON
def show(number: str, as_json: bool) -> None:
    """Show an order: its lines, total, state and payment."""
    from shop.commands.orders.show import show_order

    show_order(Settings.from_env(), number, as_json=as_json)


@orders.command()
@NUMBER
def ship(number: str) -> None:
    """Mark a paid order as shipped and e-mail the shopper."""
    _change(number, "shipped", yes=True)


@orders.command()
@NUMBER
@YES
def cancel(number: str, yes: bool) -> None:
    """Cancel an order that has not shipped: refund the payment and return the items to stock."""
    _change(number, "cancelled", yes=yes)


@orders.command()
@NUMBER
@YES
def refund(number: str, yes: bool) -> None:
    """Refund a paid or shipped order. Its items are not returned to stock."""
    _change(number, "refunded", yes=yes)


def _change(number: str, to: State, *, yes: bool) -> None:
    from shop.commands.orders.change import change_order

    asyncio.run(change_order(Settings.from_env(), number, to, yes=yes))

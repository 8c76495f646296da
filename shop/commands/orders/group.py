"""`shop orders`: what was ordered, and what an operator does about it. What each does is in the files beside this."""

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
YES = click.option("--yes", is_flag=True, help="Do it: without this it is only said what would be done.")


@click.group(cls=InOrder)
def orders() -> None:
    """List, show, ship, cancel and refund orders.

    A NUMBER may be written with dashes or spaces, and in small letters.
    """


@orders.command("list")
@click.option("--state", type=click.Choice(STATES), help="Those in this state only.")
@click.option("--unsettled", is_flag=True, help="Those only that wait for a payment, a shopper, or a store.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Orders at most.")
@JSON
def list_(state: State | None, unsettled: bool, limit: int, as_json: bool) -> None:
    """List orders, the newest first."""
    from shop.commands.orders.show import list_orders

    list_orders(Settings.from_env(), state, unsettled=unsettled, limit=limit, as_json=as_json)


@orders.command()
@NUMBER
@JSON
def show(number: str, as_json: bool) -> None:
    """Show an order: its lines, what it came to, its state and its payment."""
    from shop.commands.orders.show import show_order

    show_order(Settings.from_env(), number, as_json=as_json)


@orders.command()
@NUMBER
def ship(number: str) -> None:
    """Note that a paid order has left, and write to its shopper."""
    _change(number, "shipped", yes=True)


@orders.command()
@NUMBER
@YES
def cancel(number: str, yes: bool) -> None:
    """Cancel an order that is not shipped: its pieces are on sale again, and the money goes back."""
    _change(number, "cancelled", yes=yes)


@orders.command()
@NUMBER
@YES
def refund(number: str, yes: bool) -> None:
    """Give the money of a paid or shipped order back. Its pieces are not put on sale again."""
    _change(number, "refunded", yes=yes)


def _change(number: str, to: State, *, yes: bool) -> None:
    from shop.commands.orders.change import change_order

    asyncio.run(change_order(Settings.from_env(), number, to, yes=yes))

"""The options and help texts of `shop orders`. The work is in show.py and change.py beside this file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from shop.commands.cart.group import JSON, InOrder
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.checkout.placing.operator_changes import Outcome

STATES = ("pending", "failed", "placed", "paid", "shipped", "cancelled", "refunded")
NUMBER = click.argument("number")
WHY = click.option("--why", default="", help="The reason, for the history.")
DAY = click.DateTime(["%Y-%m-%d"])
YES = click.option("--yes", is_flag=True, help="Do it; without --yes the command only says what it would do.")


@click.group(cls=InOrder)
def orders() -> None:
    """List, show, ship, take back, cancel, refund and resolve orders.

    NUMBER may contain dashes or spaces, and may be in lower case.
    """


@orders.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only orders in this state.")
@click.option("--unsettled", is_flag=True, help="Only orders still waiting for a payment, a shopper or a store.")
@click.option("--disputed", is_flag=True, help="Only orders whose payment is disputed.")
@click.option("--email", default="", help="Only orders of this e-mail address.")
@click.option("--name", default="", help="Only orders to a recipient whose name contains this.")
@click.option("--sku", default="", help="Only orders of this sku.")
@click.option("--text", default="", help="Only orders that contain this: an address, a product, a note.")
@click.option("--since", type=DAY, help="Only orders from this day on (YYYY-MM-DD, UTC).")
@click.option("--limit", type=click.IntRange(1), help="Maximum number of orders; 50, or all with --csv.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a row for each line of an order.")
@JSON
def list_(since: datetime | None, limit: int | None, as_csv: bool, as_json: bool, **query: Any) -> None:
    """List orders, newest first. Letter case does not matter."""
    from shop.checkout.placing.orders import OrderQuery
    from shop.commands.orders.show import list_orders

    from_second = int(since.replace(tzinfo=UTC).timestamp()) if since else 0
    whole = OrderQuery(**query, since=from_second, limit=limit or (None if as_csv else 50))
    list_orders(Settings.from_env(), whole, as_json=as_json, as_csv=as_csv)


@orders.command()
@NUMBER
@JSON
def show(number: str, as_json: bool) -> None:
    """Show an order: its lines, total, state, payment and history."""
    from shop.commands.orders.show import show_order

    show_order(Settings.from_env(), number, as_json=as_json)


@orders.command()
@NUMBER
@click.option("--lines", help="Ship only these items: TIDE-MUG=1,LAST-JUG=2. The rest is shipped later.")
@click.option("--carrier", default="", help="Who brings the parcel: DHL.")
@click.option("--tracking", default="", help="The carrier's number of the parcel.")
@WHY
def ship(number: str, lines: str | None, carrier: str, tracking: str, why: str) -> None:
    """Ship a paid order, or a part of it, and e-mail the shopper.

    A payment that is only authorised is captured first. The order is shipped when all parts are.
    """
    from shop.commands.orders.parcels import ship_parcel

    asyncio.run(ship_parcel(Settings.from_env(), number, lines, carrier=carrier, tracking=tracking, why=why))


@orders.command("return")
@NUMBER
@click.option("--lines", help="Only these items have come back: TIDE-MUG=1,LAST-JUG=2.")
@click.option("--restock/--no-restock", default=False, show_default=True, help="Put them on sale again, or not.")
@WHY
def return_(number: str, lines: str | None, restock: bool, why: str) -> None:
    """Take note of shipped items that have come back. No money moves: see `refund`."""
    from shop.commands.orders.parcels import take_back

    asyncio.run(take_back(Settings.from_env(), number, lines, restock=restock, why=why))


@orders.command()
@NUMBER
@click.option("--restock/--no-restock", default=True, show_default=True, help="Put its items on sale again, or not.")
@click.option("--message", default="", help="What the shopper is told, instead of the usual sentence.")
@WHY
@YES
def cancel(number: str, restock: bool, message: str, why: str, yes: bool) -> None:
    """Cancel an order that has not shipped: refund the payment and return the items to stock."""
    _change(number, yes=yes, to="cancelled", why=why, restock=restock, message=message)


@orders.command()
@NUMBER
@click.option("--amount", help="Refund only this much, in the order's currency: 12.50.")
@click.option("--lines", help="Refund only these items, at what was paid for them: TIDE-MUG=1,LAST-JUG=2.")
@click.option("--restock/--no-restock", default=False, show_default=True, help="Put its items on sale again, or not.")
@WHY
@YES
def refund(number: str, amount: str | None, lines: str | None, restock: bool, why: str, yes: bool) -> None:
    """Refund a paid or shipped order, or a part of it.

    Parts can be refunded several times, until nothing is left. Without --amount and --lines, all that is left is
    refunded, and the order ends.
    """
    if amount is None and lines is None:
        _change(number, yes=yes, to="refunded", why=why, restock=restock)
        return
    if amount is not None and lines is not None:
        raise click.UsageError("Use either --amount or --lines.")
    if amount is not None and restock:
        raise click.UsageError("--restock needs --lines, which say what comes back.")
    from shop.commands.orders.refund import refund_part

    asyncio.run(refund_part(Settings.from_env(), number, amount, lines, restock=restock, why=why, yes=yes))


@orders.command()
@NUMBER
@click.option("--paid", "outcome", flag_value="paid", help="The payment was made: the order is paid.")
@click.option("--failed", "outcome", flag_value="failed", help="It was not made: the order fails, the stock returns.")
@click.option("--settled", "outcome", flag_value="settled", help="The money of an order that ended was returned.")
@click.option("--why", required=True, help="How you know, for the history.")
def resolve(number: str, outcome: Outcome | None, why: str) -> None:
    """End an order whose payment cannot be learnt. The payment provider is not asked, and no money moves."""
    if outcome is None:
        raise click.UsageError("Add --paid, --failed or --settled.")
    from shop.commands.orders.change import resolve_order

    asyncio.run(resolve_order(Settings.from_env(), number, outcome, why))


def _change(number: str, *, yes: bool, **change: Any) -> None:
    from shop.checkout.placing.operator_changes import OrderChange
    from shop.commands.orders.change import change_order

    asyncio.run(change_order(Settings.from_env(), number, OrderChange(**change), yes=yes))

"""`shop orders cancel`, `refund` and `resolve`.

The order's state changes first, with everything in the shop's own database, and the payment provider is called after
that. So a refused step has no effect, and a running shop finishes an interrupted one.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Literal

import click
import msgspec

from shop.checkout.model import Order, State, check_step
from shop.checkout.order_numbers import grouped
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.transitions import OrderTransitions
from shop.checkout.placing.workflow import UNPAID
from shop.commands.orders.show import find
from shop.commands.terminal import user
from shop.errors import InvalidInput, PaymentRefused, PaymentUnavailable, StoreUnavailable
from shop.money import Money
from shop.parts import Parts, opened
from shop.settings import Settings

Outcome = Literal["paid", "failed", "settled"]
Step = Callable[[Order], Awaitable[Order | None]]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an order by an operator. `message`: what the shopper is told.

    `restock`: whether its units go on sale again.
    """

    to: State
    why: str = ""
    message: str = ""
    restock: bool = False

    @property
    def plan(self) -> str:
        """What it would do, with a place for the {total}."""
        stock = "return the items to stock" if self.restock else "not return the items to stock"
        return f"This would refund {{total}} and {stock}."


async def change_order(settings: Settings, number: str, change: Change, *, yes: bool) -> None:
    """Change an order; without `yes`, only say what that would do.

    Raises NotFound, OrderStateRefused, PaymentRefused and StoreUnavailable, and without `yes` click.UsageError.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        check_step(order.number, order.state, change.to)
        if not yes:
            plan = change.plan.format(total=order.unrefunded.format())
            raise click.UsageError(f"Order {grouped(order.number)} is {order.state}. {plan} Add --yes to do it.")
        order = await taken(parts.orders, order, _step(parts.transitions, change))
        click.echo(f"Order {grouped(order.number)} is {order.state}.")
        await parts.stock_sync.refresh()
        if not order.settled:
            await paid_out(parts.transitions.release(order), order, order.unrefunded)


async def resolve_order(settings: Settings, number: str, outcome: Outcome, why: str) -> None:
    """End an order whose payment the provider does not tell, because a person knows it.

    Raises NotFound, InvalidInput and StoreUnavailable, and OutOfStock for units that are sold meanwhile.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        if order.settled:
            raise InvalidInput(
                f"Order {grouped(order.number)} is {order.state} and settled: nothing is to be resolved."
            )
        order = await _resolved(parts, order, outcome, why)
        click.echo(f"Order {grouped(order.number)} is {order.state}.")
        await parts.stock_sync.refresh()


async def _resolved(parts: Parts, order: Order, outcome: Outcome, why: str) -> Order:
    steps, claimant, who = parts.transitions, secrets.token_hex(8), user()
    if outcome == "settled" and order.state not in ("pending", "placed"):
        return await taken(parts.orders, order, lambda order: steps.settle(order, who=who, why=why))
    if outcome == "failed" and order.state == "pending":
        return await taken(
            parts.orders,
            order,
            lambda order: steps.fail(order, UNPAID, claimant, settled=True, tell=True, who=who, why=why),
        )
    if outcome == "failed" and order.state == "placed":
        return await taken(
            parts.orders, order, lambda order: steps.cancel(order, UNPAID, who=who, why=why, settled=True)
        )
    if outcome == "paid" and order.state == "pending":
        order = await taken(parts.orders, order, lambda order: steps.confirm(order, claimant))
    if outcome == "paid" and order.state == "placed":
        return await taken(parts.orders, order, lambda order: steps.pay(order, claimant, who=who, why=why))
    raise InvalidInput(f"Order {grouped(order.number)} is {order.state}: it cannot be resolved as {outcome}.")


def _step(transitions: OrderTransitions, change: Change) -> Step:
    who, why, restock = user(), change.why, change.restock
    steps: dict[State, Step] = {
        "cancelled": lambda order: transitions.cancel(order, change.message, who=who, why=why, restock=restock),
        "refunded": lambda order: transitions.refund(order, who=who, why=why, restock=restock),
    }
    return steps[change.to]


async def taken(orders: Orders, order: Order, step: Step) -> Order:
    """Take one step. Retries if another process changes the order at the same time, while the step is still allowed."""
    while (after := await step(order)) is None:
        order = await find(orders, order.number)
    return after


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

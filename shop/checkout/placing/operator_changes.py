"""What operators change about orders, by the commands of `shop orders` and on the page /operations.

The order's state changes first, with everything in the shop's own database, and the payment provider is called after
that. So a refused step has no effect, and a running shop finishes an interrupted one.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import msgspec

from shop.checkout.model import Order, Parcel, State
from shop.checkout.order_numbers import grouped
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.refunds import PartRefund
from shop.checkout.placing.transitions import OrderTransitions
from shop.checkout.placing.workflow import UNPAID
from shop.errors import InvalidInput
from shop.money import Money

Outcome = Literal["paid", "failed", "settled"]
"""How a payment ended: it was made; it was not; the money of an order that ended was returned."""
Step = Callable[[Order], Awaitable[Order | None]]


class OrderChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an order by an operator. `message`: what the shopper is told.

    `restock`: whether its units go on sale again.
    """

    to: State
    why: str = ""
    message: str = ""
    restock: bool = False
    parcel: Parcel | None = None
    """What is shipped; None for all that waits."""

    def plan(self, order: Order) -> str:
        """What it would do, in a sentence."""
        if self.to == "shipped":
            return "This would mark it as shipped and e-mail the shopper."
        stock = "return the items to stock" if self.restock else "not return the items to stock"
        return f"This would refund {order.unrefunded.format()} and {stock}."


class OperatorChanges:
    """Changes orders as `who` asks. Every method may raise StoreUnavailable. shop.parts makes one."""

    def __init__(self, orders: Orders, transitions: OrderTransitions) -> None:
        self._orders = orders
        self._transitions = transitions

    async def change(self, order: Order, change: OrderChange, *, who: str) -> Order:
        """Change an order; `return_money` is next. Raises OrderStateRefused, and what capturing a payment raises."""
        why, restock = change.why, change.restock
        steps: dict[State, Step] = {
            "shipped": lambda order: self._transitions.ship(order, who, why, parcel=change.parcel),
            "cancelled": lambda order: self._transitions.cancel(
                order, change.message, who=who, why=why, restock=restock
            ),
            "refunded": lambda order: self._transitions.refund(order, who=who, why=why, restock=restock),
        }
        return await self._taken(order, steps[change.to])

    async def take_back(
        self, order: Order, skus: Mapping[str, int], *, restock: bool, who: str, why: str
    ) -> Mapping[str, int]:
        """Note that goods have come back, and return which. Raises OrderStateRefused and InvalidInput."""
        return await self._transitions.take_back(order, skus, restock=restock, who=who, why=why)

    async def return_money(self, order: Order) -> None:
        """Return the money of an order that has ended, if it is owed. Raises PaymentRefused and PaymentUnavailable."""
        if not order.settled:
            await self._transitions.release(order)

    async def cost_of_refund(self, order: Order, part: PartRefund) -> Money:
        """What `refund_part` would refund now; the same errors."""
        return await self._transitions.cost_of_refund(order, part)

    async def refund_part(self, order: Order, part: PartRefund, *, who: str, why: str) -> tuple[Order, Money]:
        """Refund a part of an order; `pay_refunds` is next. Raises OrderStateRefused and InvalidInput."""
        return await self._transitions.refund_part(order, part, who=who, why=why)

    async def pay_refunds(self, order: Order) -> None:
        """Return the money of refunded parts. Raises PaymentRefused and PaymentUnavailable."""
        await self._transitions.pay_refunds(order)

    async def resolve(self, order: Order, outcome: Outcome, *, who: str, why: str) -> Order:
        """End an order whose payment the provider does not tell, because a person knows it.

        Raises InvalidInput, and OutOfStock for units that are sold meanwhile.
        """
        steps, claimant = self._transitions, secrets.token_hex(8)
        if order.settled:
            raise InvalidInput(
                f"Order {grouped(order.number)} is {order.state} and settled: nothing is to be resolved."
            )
        if outcome == "settled" and order.state not in ("pending", "placed"):
            return await self._taken(order, lambda order: steps.settle(order, who=who, why=why))
        if outcome == "failed" and order.state == "pending":
            return await self._taken(
                order,
                lambda order: steps.fail(order, UNPAID, claimant, settled=True, tell=True, who=who, why=why),
            )
        if outcome == "failed" and order.state == "placed":
            return await self._taken(order, lambda order: steps.cancel(order, UNPAID, who=who, why=why, settled=True))
        if outcome == "paid" and order.state == "pending":
            order = await self._taken(order, lambda order: steps.confirm(order, claimant))
        if outcome == "paid" and order.state == "placed":
            return await self._taken(order, lambda order: steps.pay(order, claimant, who=who, why=why))
        raise InvalidInput(f"Order {grouped(order.number)} is {order.state}: it cannot be resolved as {outcome}.")

    async def _taken(self, order: Order, step: Step) -> Order:
        """Take one step. Retries if another process changes the order meanwhile, while the step is still allowed."""
        while (after := await step(order)) is None:
            order = await self._orders.find(order.number)
        return after

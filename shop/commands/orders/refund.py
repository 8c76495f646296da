"""`shop orders refund --amount` and `--lines`."""

from __future__ import annotations

import click

from shop.checkout.order_numbers import grouped
from shop.checkout.placing.refunds import PartRefund
from shop.checkout.placing.typed_parts import read_amount, read_lines
from shop.commands.orders.change import paid_out
from shop.commands.orders.show import find
from shop.commands.terminal import user
from shop.parts import opened
from shop.settings import Settings


async def refund_part(
    settings: Settings, number: str, amount: str | None, lines: str | None, *, restock: bool, why: str, yes: bool
) -> None:
    """Refund an amount ('12.50') or items ('SKU=2,SKU=1') of an order; without `yes`, only say what that would do.

    Raises NotFound, InvalidInput, OrderStateRefused, PaymentRefused and StoreUnavailable, and without `yes`
    click.UsageError.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        part = PartRefund(
            amount=None if amount is None else read_amount(amount, order.quote.currency),
            skus=read_lines(lines or "", order),
            restock=restock,
        )
        money = await parts.operator_changes.cost_of_refund(order, part)
        if not yes:
            raise click.UsageError(
                f"Order {grouped(order.number)} is {order.state}. This would refund {money.format()} of "
                f"{order.quote.total.format()}. Add --yes to do it."
            )
        order, money = await parts.operator_changes.refund_part(order, part, who=user(), why=why)
        await parts.stock_sync.refresh()
        if order.waits_for_capture:
            click.echo(f"{money.format()} less will be captured when the order is shipped.")
            return
        await paid_out(parts.operator_changes.pay_refunds(order), order, money)
        if order.refunded == order.quote.totals.total:
            click.echo(f"Nothing is left of order {grouped(order.number)}.")

"""`shop orders refund --amount` and `--lines`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click

from shop.checkout.model import Order
from shop.checkout.order_numbers import grouped
from shop.checkout.placing.refunds import PartRefund
from shop.commands.orders.change import paid_out
from shop.commands.orders.show import find
from shop.commands.terminal import user
from shop.errors import InvalidInput
from shop.money import minor_digits
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
        money = await parts.transitions.cost_of_refund(order, part)
        if not yes:
            raise click.UsageError(
                f"Order {grouped(order.number)} is {order.state}. This would refund {money.format()} of "
                f"{order.quote.total.format()}. Add --yes to do it."
            )
        order, money = await parts.transitions.refund_part(order, part, who=user(), why=why)
        await parts.stock_sync.refresh()
        if order.waits_for_capture:
            click.echo(f"{money.format()} less will be captured when the order is shipped.")
            return
        await paid_out(parts.transitions.pay_refunds(order), order, money)
        if order.refunded == order.quote.totals.total:
            click.echo(f"Nothing is left of order {grouped(order.number)}.")


def read_amount(text: str, currency: str) -> int:
    """An amount as typed, in minor units. Raises InvalidInput for what is no amount of the currency."""
    try:
        minor = Decimal(text).scaleb(minor_digits(currency))
    except InvalidOperation as error:
        raise InvalidInput(f"{text!r} is no amount. Write it like 12.50.") from error
    if not minor.is_finite() or minor != minor.to_integral_value() or minor <= 0 or minor > 10**15:
        raise InvalidInput(f"{text!r} is no amount of {currency} above 0.")
    return int(minor)


def read_lines(text: str, order: Order) -> dict[str, int]:
    """Quantities by sku, from 'SKU=2,SKU'. A sku without a number means all of it. Raises InvalidInput."""
    ordered, found = order.quote.wanted, dict[str, int]()
    for item in filter(None, map(str.strip, text.split(","))):
        sku, equals, count = item.rpartition("=")
        sku, count = (sku, count) if equals else (item, str(ordered.get(item, 0)))
        if sku not in ordered:
            raise InvalidInput(f"The order has no {sku}. It has: {', '.join(ordered)}.")
        if not count.isdecimal() or int(count) < 1 or sku in found:
            raise InvalidInput(f"{item!r} is not understood. Write it like TIDE-MUG=1,LAST-JUG=2.")
        found[sku] = int(count)
    if text and not found:
        raise InvalidInput("--lines names no item. Write it like TIDE-MUG=1,LAST-JUG=2.")
    return found

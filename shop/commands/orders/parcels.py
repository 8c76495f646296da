"""`shop orders ship` and `return`."""

from __future__ import annotations

import click

from shop.checkout.order_numbers import grouped
from shop.checkout.placing.operator_changes import OrderChange
from shop.checkout.placing.typed_parts import read_lines, read_parcel
from shop.commands.orders.show import find
from shop.commands.terminal import user
from shop.parts import opened
from shop.settings import Settings


async def ship_parcel(
    settings: Settings, number: str, lines: str | None, *, carrier: str, tracking: str, why: str
) -> None:
    """Ship an order, or these lines ('SKU=2,SKU') of it.

    Raises NotFound, InvalidInput, OrderStateRefused, PaymentRefused and StoreUnavailable.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        parcel = read_parcel(read_lines(lines or "", order), carrier, tracking)
        change = OrderChange(to="shipped", why=why, parcel=parcel)
        order = await parts.operator_changes.change(order, change, who=user())
        says = "is shipped" if order.state == "shipped" else f"is {order.state}; the rest waits to be shipped"
        click.echo(f"Order {grouped(order.number)} {says}.")


async def take_back(settings: Settings, number: str, lines: str | None, *, restock: bool, why: str) -> None:
    """Note that goods of an order have come back: all, or these lines ('SKU=2,SKU').

    Raises NotFound, InvalidInput, OrderStateRefused and StoreUnavailable.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        skus = read_lines(lines or "", order)
        back = await parts.operator_changes.take_back(order, skus, restock=restock, who=user(), why=why)
        units = ", ".join(f"{count} × {sku}" for sku, count in back.items())
        where = "on sale again" if restock else "not on sale"
        click.echo(f"Back from order {grouped(order.number)}: {units}, {where}.")
        await parts.stock_sync.refresh()

"""`shop orders ship` and `return`."""

from __future__ import annotations

import click

from shop.checkout.model import Parcel
from shop.checkout.order_numbers import grouped
from shop.commands.orders.change import taken
from shop.commands.orders.refund import read_lines
from shop.commands.orders.show import find
from shop.commands.terminal import user
from shop.errors import InvalidInput
from shop.parts import opened
from shop.settings import Settings

MOST_CHARACTERS = 100
"""Of a carrier's name, and of a tracking number."""


async def ship_parcel(
    settings: Settings, number: str, lines: str | None, *, carrier: str, tracking: str, why: str
) -> None:
    """Ship an order, or these lines ('SKU=2,SKU') of it.

    Raises NotFound, InvalidInput, OrderStateRefused, PaymentRefused and StoreUnavailable.
    """
    for text in (carrier, tracking):
        if len(text) > MOST_CHARACTERS or not text.isprintable():
            raise InvalidInput(f"A carrier and a tracking number have at most {MOST_CHARACTERS} characters.")
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        parcel = Parcel(skus=read_lines(lines or "", order), carrier=carrier.strip(), tracking=tracking.strip())
        order = await taken(
            parts.orders, order, lambda order: parts.transitions.ship(order, user(), why, parcel=parcel)
        )
        says = "is shipped" if order.state == "shipped" else f"is {order.state}; the rest waits to be shipped"
        click.echo(f"Order {grouped(order.number)} {says}.")


async def take_back(settings: Settings, number: str, lines: str | None, *, restock: bool, why: str) -> None:
    """Note that goods of an order have come back: all, or these lines ('SKU=2,SKU').

    Raises NotFound, InvalidInput, OrderStateRefused and StoreUnavailable.
    """
    async with opened(settings, prepare=True) as parts:
        order = await find(parts.orders, number)
        skus = read_lines(lines or "", order)
        back = await parts.transitions.take_back(order, skus, restock=restock, who=user(), why=why)
        units = ", ".join(f"{count} × {sku}" for sku, count in back.items())
        where = "on sale again" if restock else "not on sale"
        click.echo(f"Back from order {grouped(order.number)}: {units}, {where}.")
        await parts.stock_sync.refresh()

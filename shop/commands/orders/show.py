"""`shop orders list` and `shop orders show`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click
import msgspec
from rich.console import Console
from rich.table import Column, Table

from shop.checkout.model import Order, State
from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.payments.provider import Payment
from shop.checkout.placing.orders import Orders, flat
from shop.commands.terminal import harmless
from shop.errors import NotFound
from shop.parts import opened
from shop.settings import Settings


def list_orders(settings: Settings, state: State | None, *, unsettled: bool, limit: int, as_json: bool) -> None:
    """`shop orders list`."""

    async def read() -> list[Order]:
        async with opened(settings) as parts:
            return await parts.orders.page(state, unsettled=unsettled, limit=limit)

    found = asyncio.run(read())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([flat(order) for order in found])))
        return
    table = Table(Column("number", no_wrap=True), "placed (UTC)", "state", "total", "units", "e-mail")
    for order in found:
        units = sum(line.quantity for line in order.quote.lines)
        total = order.quote.total.format()
        table.add_row(
            grouped(order.number),
            _time(order.created_at),
            _state(order),
            total,
            str(units),
            harmless(order.buyer.email),
        )
    Console(soft_wrap=True, highlight=False, markup=False).print(table)


def show_order(settings: Settings, number: str, *, as_json: bool) -> None:
    """`shop orders show`. Raises NotFound."""

    async def read() -> tuple[Order, Payment | None]:
        async with opened(settings) as parts:
            order = await find(parts.orders, number)
            return order, await parts.payments.find(order.number)

    order, payment = asyncio.run(read())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"order": flat(order), "payment": payment})))
    else:
        _print(order, payment)


async def find(orders: Orders, number: str) -> Order:
    """The order with this number, as typed by a person. Raises NotFound."""
    order = await orders.get(typed_number(number))
    if order is None:
        raise NotFound(f"There is no order {number}.")
    return order


def _print(order: Order, payment: Payment | None) -> None:
    console, quote = Console(soft_wrap=True, highlight=False, markup=False), order.quote
    console.print(f"Order {grouped(order.number)} of {_time(order.created_at)} UTC is {_state(order)}.")
    table = Table("sku", "item", "quantity", "each", "discount", "total")
    for line in quote.lines:
        discount = quote.money(line.discount).format() if line.discount else ""
        item, amounts = map(harmless, (line.sku, line.name)), (line.unit.format(), discount, line.total.format())
        table.add_row(*item, str(line.quantity), *amounts)
    console.print(table)
    for name, value in _facts(order, payment).items():
        if value:
            console.print(f"{name}: {harmless(value)}")


def _facts(order: Order, payment: Payment | None) -> dict[str, str]:
    quote = order.quote
    sums, method = quote.totals, quote.method_title
    tax = f"{'of which ' if sums.tax_included else ''}{sums.tax_name}"
    return {
        "Coupon": f"{quote.coupon}, {quote.money(sums.discount).format()} off" if quote.coupon else "",
        "Shipping": ", ".join(filter(None, (method, quote.money(sums.shipping).format()))),
        "Total": quote.total.format() + (f", {tax} {quote.money(sums.tax).format()}" if sums.tax else ""),
        "Payment": f"{order.buyer.card}, {payment.status if payment else 'never made'}"
        if order.buyer.card
        else "nothing to pay",
        "E-mail": order.buyer.email,
        "Address": ", ".join(order.buyer.address.lines),
        **{fact.label: "\n  ".join(fact.lines) for fact in order.buyer.facts},
        "Failure": order.failure,
        "Cart": f"{quote.cart_id}, revision {quote.revision}",
        "Changed": f"{_time(order.changed_at)} UTC",
    }


def _state(order: Order) -> str:
    return order.state if order.settled else f"{order.state}, not settled"


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"

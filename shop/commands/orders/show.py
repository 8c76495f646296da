"""`shop orders list` and `shop orders show`."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from collections.abc import Iterator, Sequence

import click
import msgspec
from rich.console import Console
from rich.table import Column, Table

from shop.checkout.model import Order, OrderEvent, Parcel
from shop.checkout.order_numbers import grouped, typed_number
from shop.checkout.payments.provider import Payment
from shop.checkout.placing.operator_facts import facts_of, minute, state_of, told
from shop.checkout.placing.orders import OrderQuery, Orders, flat
from shop.commands.terminal import harmless
from shop.errors import NotFound
from shop.parts import opened
from shop.settings import Settings

CSV_COLUMNS = (
    *("number", "placed", "state", "e-mail", "name", "address", "country"),
    *("sku", "title", "quantity", "unit", "discount", "tax class", "line tax"),
    *("coupon", "shipping", "tax", "total", "currency"),
)
"""The columns of `--csv`; those from `coupon` on are of the whole order."""


def list_orders(settings: Settings, query: OrderQuery, *, as_json: bool, as_csv: bool) -> None:
    """`shop orders list`."""

    async def read() -> list[Order]:
        async with opened(settings, long_running=query.limit is None) as parts:
            return await parts.orders.page(query)

    found = asyncio.run(read())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([flat(order) for order in found])))
    elif as_csv:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        writer.writerows(row for order in found for row in csv_rows(order))
        click.echo(text.getvalue(), nl=False)
    else:
        _print_table(found)


def csv_rows(order: Order) -> Iterator[list[str]]:
    """The rows of an order, one for each line, with amounts as decimal numbers."""
    quote, buyer = order.quote, order.buyer
    totals, address = quote.totals, buyer.address
    for line in quote.lines:
        amounts = (line.unit.amount, line.discount, line.tax, totals.shipping, totals.tax, totals.total)
        unit, discount, line_tax, shipping, tax, total = (f"{quote.money(amount).decimal:f}" for amount in amounts)
        title = f"{line.title}, {line.variant}" if line.variant else line.title
        texts = (buyer.email, address.name, ", ".join(address.lines), address.country_code)
        ordered = (order.number, minute(order.created_at), order.state, *map(_inert, texts))
        sold = (_inert(line.sku), _inert(title), str(line.quantity), unit, discount, line.tax_class, line_tax)
        yield [*ordered, *sold, quote.coupon, shipping, tax, total, quote.currency]


def _inert(text: str) -> str:
    """A cell that spreadsheets do not take for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _print_table(found: Sequence[Order]) -> None:
    table = Table(
        Column("number", no_wrap=True), "placed (UTC)", "state", "total", "units", Column("e-mail", no_wrap=True)
    )
    for order in found:
        units = sum(line.quantity for line in order.quote.lines)
        total = order.quote.total.format()
        table.add_row(
            grouped(order.number),
            minute(order.created_at),
            state_of(order),
            total,
            str(units),
            harmless(order.buyer.email),
        )
    width = None if sys.stdout.isatty() else 200  # a pipe has no width: nothing is cut off
    Console(soft_wrap=True, highlight=False, markup=False, width=width).print(table)


def show_order(settings: Settings, number: str, *, as_json: bool) -> None:
    """`shop orders show`. Raises NotFound."""

    async def read() -> tuple[Order, Payment | None, list[OrderEvent], list[Parcel]]:
        async with opened(settings) as parts:
            order = await find(parts.orders, number)
            history, moved = await parts.orders.history(order.number), await parts.orders.parcels(order.number)
            return order, await parts.payments.find(order.number), history, moved

    order, payment, history, moved = asyncio.run(read())
    if as_json:
        whole = {"order": flat(order), "payment": payment, "history": history, "parcels": moved}
        click.echo(msgspec.json.format(msgspec.json.encode(whole)))
    else:
        _print(order, payment)
        for parcel in moved:
            click.echo(harmless(_moved(parcel)))
        for event in history:
            click.echo(harmless(told(event)))


def _moved(parcel: Parcel) -> str:
    """'Sent 2026-11-30 14:05 UTC: 1 × MUG, DHL 0034'."""
    units = ", ".join(f"{count} × {sku}" for sku, count in parcel.skus.items())
    where = ("on sale again" if parcel.restocked else "not on sale") if parcel.returned else parcel.carriage
    return f"{'Back' if parcel.returned else 'Sent'} {minute(parcel.at)} UTC: {', '.join(filter(None, (units, where)))}"


async def find(orders: Orders, number: str) -> Order:
    """The order with this number, as typed by a person. Raises NotFound."""
    order = await orders.get(typed_number(number))
    if order is None:
        raise NotFound(f"There is no order {number}.")
    return order


def _print(order: Order, payment: Payment | None) -> None:
    console, quote = Console(soft_wrap=True, highlight=False, markup=False), order.quote
    console.print(f"Order {grouped(order.number)} of {minute(order.created_at)} UTC is {state_of(order)}.")
    table = Table("sku", "item", "quantity", "each", "discount", "total")
    for line in quote.lines:
        discount = quote.money(line.discount).format() if line.discount else ""
        item, amounts = map(harmless, (line.sku, line.name)), (line.unit.format(), discount, line.total.format())
        table.add_row(*item, str(line.quantity), *amounts)
    console.print(table)
    for name, value in facts_of(order, payment).items():
        if value:
            console.print(f"{name}: {harmless(value)}")

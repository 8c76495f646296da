"""Views of /operations."""

from __future__ import annotations

import msgspec


class Chart(msgspec.Struct, frozen=True):
    """A line over the last hour, drawn in a box of 360 by 100."""

    title: str
    unit: str
    now: str
    """The latest value, as text; '-' if there is none."""
    most: str
    """The value at the upper edge of the box."""
    lines: tuple[str, ...]
    """Points 'x,y x,y', a polyline for each stretch without a gap."""
    description: str
    """The chart in words, for those who do not see it."""


class State(msgspec.Struct, frozen=True):
    """How a part of the shop is: 'good', 'fair' or 'bad', in words."""

    name: str
    level: str
    words: str


class Event(msgspec.Struct, frozen=True):
    """Something that happened: '14:05:10', in UTC."""

    time: str
    words: str


class OperationsView(msgspec.Struct, frozen=True):
    """The page."""

    charts: tuple[Chart, ...] = ()
    states: tuple[State, ...] = ()
    events: tuple[Event, ...] = ()
    slow: tuple[Event, ...] = ()
    """The commands on carts that Redis found slow."""
    at: str = ""
    """When it was looked at: '14:05:10', in UTC."""


class SignInView(msgspec.Struct, frozen=True):
    """The form; `wrong` after a wrong password."""

    wrong: bool = False


class OrderRow(msgspec.Struct, frozen=True):
    """An order in a list; `placed` is in UTC."""

    number: str
    path: str
    placed: str
    state: str
    total: str
    units: int
    email: str


class OrdersView(msgspec.Struct, frozen=True):
    """The list of orders, and what was searched for."""

    rows: tuple[OrderRow, ...]
    text: str
    state: str
    states: tuple[str, ...]
    """Those that can be chosen."""
    most: int
    """So many are listed at most."""


class OrderLine(msgspec.Struct, frozen=True):
    """A line of an order; `field` is the name of the field for a quantity of it."""

    sku: str
    name: str
    quantity: int
    field: str


class OperatorOrderView(msgspec.Struct, frozen=True):
    """The page of an order."""

    row: OrderRow
    lines: tuple[OrderLine, ...]
    facts: tuple[tuple[str, str], ...]
    history: tuple[str, ...]
    alert: str
    """Why something was refused; '' if nothing was."""
    left: str
    """The amount that was not refunded."""
    refunded: int
    """Minor units that were refunded in parts."""
    ships: bool
    cancels: bool
    refunds: bool
    outcomes: tuple[str, ...]
    """The outcomes by which it can be resolved."""


class ConfirmView(msgspec.Struct, frozen=True):
    """The question whether to change an order. `fields` are sent with the answer."""

    row: OrderRow
    action: str
    title: str
    plan: str
    fields: dict[str, str]


class StockView(msgspec.Struct, frozen=True):
    """The stock of a sku; without a sku, only the form for one."""

    sku: str
    levels: tuple[tuple[str, str], ...] = ()
    on_hand: str = ""
    """'' if it has no limit."""
    history: tuple[str, ...] = ()
    alert: str = ""

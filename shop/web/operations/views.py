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

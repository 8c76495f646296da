"""Builds the view of /operations from the figures of the last hour: pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from shop.cart.redis.slow_log import SlowCommand
from shop.metrics.history import LAST, SAMPLE_SECONDS, Figures
from shop.web.operations.views import Chart, Event, OperationsView, State

HOUR = 3600.0
WIDTH, HEIGHT = 360, 100
GAP_SECONDS = 3 * SAMPLE_SECONDS
MOST_EVENTS = 20
SHOWN_OF_KEY = len("cart:") + 8
LATE_SECONDS = 60

Value = Callable[[Figures, Figures], float | None]
"""A value at the second of two moments; None if it cannot be told."""


def operations_view(
    history: Sequence[Figures], states: Sequence[State], now: float, slow: Sequence[SlowCommand] = ()
) -> OperationsView:
    """The page. `states`: how the stores are, and `slow`: what Redis found slow; the figures do not say that."""
    recent = [figures for figures in history if figures.at > now - HOUR]
    return OperationsView(
        charts=tuple(_chart(recent, now, *spec) for spec in CHARTS),
        states=(*states, *(_states(recent[-1], now) if recent else (_NOTHING,))),
        events=tuple(list(_events(recent))[::-1][:MOST_EVENTS]),
        slow=tuple(map(_slow, slow[:MOST_EVENTS])),
        at=clock_time(now),
    )


def _slow(command: SlowCommand) -> Event:
    """A command on a cart, of whose id enough is shown to tell carts apart."""
    words = f"{command.command} on {command.key[:SHOWN_OF_KEY]}… took {command.seconds * 1000:,.1f} ms."
    return Event(clock_time(command.at), words)


_NOTHING = State("Figures", "fair", "There are none yet: `shop run` collects them every ten seconds.")


def clock_time(seconds: float) -> str:
    """'14:05:10', in UTC."""
    return time.strftime("%H:%M:%S", time.gmtime(seconds))


def rate(name: str) -> Value:
    """How much a counter grows in a second. A counter that fell was begun anew."""

    def value(before: Figures, after: Figures) -> float | None:
        grown = float(getattr(after, name) - getattr(before, name))
        return max(grown, 0.0) / (after.at - before.at)

    return value


def level(name: str) -> Value:
    """A value as it is."""
    return lambda _, after: float(getattr(after, name))


def hit_rate(before: Figures, after: Figures) -> float | None:
    """Per cent of the carts asked for that there were; None if none was."""
    reads = after.reads - before.reads
    return 100 * (after.hits - before.hits) / reads if reads > 0 else None


def p95(before: Figures, after: Figures) -> float | None:
    """Milliseconds within which 95 of 100 requests were answered, by the bounds of the histogram; None without any."""
    earlier = dict(before.buckets)
    grown = [(bound, count - earlier.get(bound, 0.0)) for bound, count in after.buckets]
    if not grown or grown[-1][1] <= 0:
        return None
    largest = max((bound for bound, _ in grown if bound < LAST), default=0.0)
    reached = next(bound for bound, count in grown if count >= 0.95 * grown[-1][1])
    return 1000 * min(reached, largest)


CHARTS: tuple[tuple[str, str, Value], ...] = (
    ("Cart operations", "a second", rate("operations")),
    ("Average size of kept carts", "lines", level("lines")),
    ("Hit rate", "%", hit_rate),
    ("Carts that expire", "a minute", lambda before, after: 60 * (rate("expired")(before, after) or 0.0)),
    ("95 of 100 requests within", "ms", p95),
    ("Requests", "a second", rate("requests")),
    ("Failed requests (5xx)", "a second", rate("errors")),
    ("Carts kept", "carts", level("kept")),
)
"""The four figures that every operator of a cart store should watch come first."""


def _chart(history: Sequence[Figures], now: float, title: str, unit: str, value: Value) -> Chart:
    values = [(after.at, value(before, after)) for before, after in pairwise(history)]
    known = [found for _, found in values if found is not None]
    most = max(known, default=0.0) or 1.0
    latest = number(known[-1]) if known else "-"
    if not known:
        return Chart(title, unit, latest, number(most), (), "Nothing was counted in the last hour.")
    description = f"Now {latest} {unit}; between {number(min(known))} and {number(max(known))} in the last hour."
    return Chart(title, unit, latest, number(most), tuple(_lines(values, now, most)), description)


def _lines(values: Sequence[tuple[float, float | None]], now: float, most: float) -> Iterator[str]:
    """The points of each stretch without a gap."""
    line: list[str] = []
    last = 0.0
    for at, value in values:
        if line and (value is None or at - last > GAP_SECONDS):
            yield " ".join(line)
            line = []
        if value is not None:
            x, y = WIDTH * (1 - (now - at) / HOUR), HEIGHT * (1 - value / most)
            line.append(f"{x:.1f},{y:.1f}")
            last = at
    if line:
        yield " ".join(line)


def number(value: float) -> str:
    """A number as short as it may be: '12,340', '12.3', '0.12'."""
    return (
        f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    )


def _states(now: Figures, at: float) -> Iterator[State]:
    if at - now.at > LATE_SECONDS:
        yield State("Figures", "bad", f"The latest are {at - now.at:,.0f} seconds old.")
    yield State("Workers", "good" if now.workers else "bad", f"{now.workers} answer.")
    lag = 1000 * now.lag
    yield State("Event loop", "good" if lag < 100 else "fair", f"At worst {lag:,.0f} ms late.")
    waiting = f"{now.waiting:,.0f} carts have changes in the journal."
    yield State("Journal", "good" if not now.waiting else "fair", waiting)
    late = now.unsettled_age > LATE_SECONDS
    open_ = f"{now.unsettled:,.0f} wait" + (f", the oldest for {now.unsettled_age:,.0f} seconds." if late else ".")
    yield State("Open orders", "fair" if late else "good", open_)
    yield State("Reserved stock", "good", f"{now.reserved:,.0f} items are set aside at the checkout.")
    yield State("Outbox", "good", f"{now.emails:,.0f} e-mails have not been sent.")


def _events(history: Sequence[Figures]) -> Iterator[Event]:
    """What changed between two moments, oldest first."""
    for before, after in pairwise(history):
        for words in _changes(before, after):
            yield Event(clock_time(after.at), words)


def _changes(before: Figures, after: Figures) -> Iterator[str]:
    if after.standby and not before.standby:
        yield "The standby took over: the store of carts is away."
    if before.standby and not after.standby:
        yield "The store of carts is back."
    if (restored := after.restored - before.restored) > 0:
        yield f"{restored:,.0f} carts were restored in a store that had lost changes."
    if (evicted := after.evicted - before.evicted) > 0:
        yield f"{evicted:,.0f} carts were evicted from memory."
    if (errors := after.errors - before.errors) > 0:
        yield f"{errors:,.0f} requests failed."
    if after.workers != before.workers:
        yield f"{after.workers} workers instead of {before.workers}."

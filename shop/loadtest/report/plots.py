"""Lays out line charts over time for SVG; templates/loadtest/_plot.html draws them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 84, 12, 26
"""Margins around the lines, for the scales and for the line names at their ends."""
LABEL_HEIGHT = 15
MAX_STRIPS = 240
"""Maximum number of strips with a tooltip."""


class Series(msgspec.Struct, frozen=True):
    """One line: its name, its role (the class of its colour) and its value at each time."""

    name: str
    role: str
    values: Sequence[float]


class Line(msgspec.Struct, frozen=True):
    """A line laid out, with its name at the end."""

    name: str
    role: str
    points: str
    label_y: float


class Tick(msgspec.Struct, frozen=True):
    """A mark on a scale."""

    at: float
    label: str


class Look(msgspec.Struct, frozen=True):
    """A vertical strip with a tooltip of the values."""

    x: float
    width: float
    words: str


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A plot laid out. Lengths are in units of the viewBox."""

    title: str
    unit: str
    summary: str
    """The text alternative for screen readers."""
    width: int
    height: int
    left: int
    right: int
    """The x at which the lines end."""
    top: int
    bottom: int
    times: tuple[Tick, ...]
    values: tuple[Tick, ...]
    lines: tuple[Line, ...]
    looks: tuple[Look, ...]


class Scales(msgspec.Struct, frozen=True):
    """Maps times and values to coordinates in a plot."""

    last: float
    """The latest time, seconds."""
    most: float
    """The highest value on the scale."""

    def x(self, at: float) -> float:
        """The x of a time in seconds."""
        return round(LEFT + at / self.last * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """The y of a value."""
        return round(HEIGHT - BOTTOM - value / self.most * (HEIGHT - TOP - BOTTOM), 1)

    def points(self, times: Sequence[float], values: Sequence[float]) -> str:
        """The `points` attribute of an SVG polyline."""
        return " ".join(f"{self.x(at)},{self.y(value)}" for at, value in zip(times, values, strict=True))


def plot(title: str, unit: str, times: Sequence[float], series: Sequence[Series]) -> Plot:
    """Lay out the lines; `times` are seconds, one for each value."""
    values = ticks(max((value for line in series for value in line.values), default=0.0))
    scales = Scales(max(times[-1] if times else 1.0, 1.0), values[-1])
    ends = _apart([scales.y(line.values[-1] if line.values else 0.0) for line in series])
    return Plot(
        title=title,
        unit=unit,
        summary=f"{title}. " + "; ".join(_summary(line, unit) for line in series),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        times=tuple(Tick(scales.x(at), f"{at:g} s") for at in ticks(scales.last, 6) if at <= scales.last),
        values=tuple(Tick(scales.y(value), f"{value:,g}") for value in values),
        lines=tuple(
            Line(line.name, line.role, scales.points(times, line.values), end)
            for line, end in zip(series, ends, strict=True)
        ),
        looks=tuple(_looks(scales, times, series)),
    )


def ticks(most: float, about: int = 4) -> list[float]:
    """About `about` round numbers from 0 to `most` or just above it; to 4 if `most` is less."""
    most = max(most, 4.0)
    rough = most / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [round(step * n, 6) for n in range(math.ceil(most / step - 1e-9) + 1)]


def _looks(scales: Scales, times: Sequence[float], series: Sequence[Series]) -> Iterator[Look]:
    """Adjacent strips, each with a tooltip of the values at its end."""
    every = max(1, math.ceil(len(times) / MAX_STRIPS))
    ends = range(every - 1, len(times), every)
    for start, end in pairwise((None, *ends)):
        x = scales.x(0.0 if start is None else times[start])
        words = ", ".join(f"{line.name} {line.values[end]:,.4g}" for line in series)
        yield Look(x, round(scales.x(times[end]) - x, 1), f"{times[end]:.0f} s: {words}")


def _summary(line: Series, unit: str) -> str:
    if not line.values:
        return f"{line.name}: nothing"
    return f"{line.name}: from {min(line.values):,.4g} to {max(line.values):,.4g} {unit}"


def _apart(wanted: Sequence[float]) -> list[float]:
    """Label positions near the wanted ones, so that labels do not overlap or rise above the plot."""
    from_below = sorted(range(len(wanted)), key=lambda at: -wanted[at])
    placed = list(wanted)
    for below, above in pairwise(from_below):
        placed[above] = min(placed[above], placed[below] - LABEL_HEIGHT)
    for rank, at in enumerate(reversed(from_below)):
        placed[at] = max(placed[at], TOP + rank * LABEL_HEIGHT)
    return placed

"""Looks for the smallest scenario that still fails, by leaving out what is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from tests.simulation.play import Report, play
from tests.simulation.scenario import Click, Scenario

MAX_TRIES = 400
"""How many smaller scenarios are played at most."""

T = TypeVar("T")


def shrunk(report: Report) -> Report:
    """The report of the smallest scenario found that has a violation of the same kind; with its trace."""
    scenario, kind = report.scenario, report.kind
    tries = MAX_TRIES
    smaller = True
    while smaller and tries:
        smaller = False
        for candidate in _smaller(scenario):
            tries -= 1
            if play(candidate).kind == kind:
                scenario, smaller = candidate, True
                break
            if not tries:
                break
    return play(scenario, trace=True)


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Scenarios with a bit less, those with much less first."""

    def with_(**changes: object) -> Scenario:
        return msgspec.structs.replace(scenario, **changes)

    for shoppers in filter(None, _without_one(scenario.clicks)):
        yield with_(clicks=shoppers)
    for faults in _without_one(scenario.faults):
        yield with_(faults=faults)
    if scenario.archive:
        yield with_(archive=False)
    if len(scenario.timers_first) > 1:
        yield with_(timers_first=scenario.timers_first[:-1], skews=scenario.skews[:-1])
    for number, clicks in enumerate(scenario.clicks):
        for fewer in _fewer(clicks):
            yield with_(clicks=(*scenario.clicks[:number], fewer, *scenario.clicks[number + 1 :]))


def _fewer(clicks: tuple[Click, ...]) -> Iterator[tuple[Click, ...]]:
    if len(clicks) > 3:
        yield clicks[: len(clicks) // 2]
        yield clicks[len(clicks) // 2 :]
    yield from filter(None, _without_one(clicks))
    for number, click in enumerate(clicks):
        if click.twice:
            yield (*clicks[:number], msgspec.structs.replace(click, twice=""), *clicks[number + 1 :])


def _without_one(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    for number in range(len(items)):
        yield (*items[:number], *items[number + 1 :])

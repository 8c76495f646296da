"""Charts, states and events from the figures of the last hour."""

from __future__ import annotations

import pytest

from shop.metrics.history import LAST, Figures
from shop.web.operations.operations_builder import number, operations_view, p95

NOW = 1_800_000_000.0


def chart(history: list[Figures], title: str) -> tuple[str, tuple[str, ...]]:
    found = next(c for c in operations_view(history, (), NOW).charts if c.title == title)
    return found.now, found.lines


def test_nothing_is_shown_as_nothing() -> None:
    view = operations_view([], (), NOW)
    assert {c.now for c in view.charts} == {"-"}
    assert view.states[0].words.startswith("There are none yet")
    assert view.events == ()


def test_a_counter_is_drawn_as_a_rate_from_left_to_right() -> None:
    history = [Figures(NOW - 20 + at, operations=ops) for at, ops in ((0, 0), (10, 100), (20, 150))]
    now, lines = chart(history, "Cart operations")
    assert now == "5"
    assert lines == ("359.0,0.0 360.0,50.0",)


def test_a_gap_ends_a_line() -> None:
    history = [Figures(NOW - at, lines=2) for at in (3000, 2990, 200, 190)]
    _, lines = chart(history, "Average size of kept carts")
    assert len(lines) == 2


def test_a_counter_that_began_anew_is_no_negative_rate() -> None:
    assert chart([Figures(NOW - 10, operations=100), Figures(NOW, operations=5)], "Cart operations")[0] == "0"


def test_the_time_of_95_of_100_requests() -> None:
    before = Figures(0, buckets=((0.01, 0), (0.1, 0), (LAST, 0)))
    assert p95(before, Figures(1, buckets=((0.01, 96), (0.1, 100), (LAST, 100)))) == 10
    assert p95(before, Figures(1, buckets=((0.01, 90), (0.1, 100), (LAST, 100)))) == 100
    assert p95(before, Figures(1, buckets=((0.01, 0), (0.1, 0), (LAST, 100)))) == 100
    assert p95(before, before) is None


def test_what_changed_is_told_latest_first() -> None:
    history = [
        Figures(NOW - 40, workers=2),
        Figures(NOW - 30, workers=2, standby=1),
        Figures(NOW - 20, workers=1, standby=0, restored=3, errors=2, evicted=1),
    ]
    words = [event.words for event in operations_view(history, (), NOW).events]
    assert words[-1].startswith("The standby took over")
    assert set(words[:-1]) == {
        "The store of carts is back.",
        "3 carts were restored in a store that had lost changes.",
        "1 carts were evicted from memory.",
        "2 requests failed.",
        "1 workers instead of 2.",
    }


def test_old_figures_and_old_orders_are_noticed() -> None:
    states = {s.name: s for s in operations_view([Figures(NOW - 90, unsettled=1, unsettled_age=500)], (), NOW).states}
    assert states["Figures"].level == "bad"
    assert states["Open orders"].level == "fair"


@pytest.mark.parametrize(("value", "text"), [(12340.4, "12,340"), (12.34, "12.3"), (0.123, "0.12"), (3.0, "3")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.loadtest.report.plots import HEIGHT, LABEL_HEIGHT, MAX_STRIPS, TOP, Series, plot, ticks


@pytest.mark.parametrize(
    ("most", "expected"),
    [(0, [0, 1, 2, 3, 4]), (87, [0, 50, 100]), (100, [0, 50, 100]), (101, [0, 50, 100, 150]), (7, [0, 2, 4, 6, 8])],
)
def test_scales_have_round_numbers(most: float, expected: list[float]) -> None:
    assert ticks(most) == expected


values = st.lists(st.floats(0, 1e6), min_size=1, max_size=40)


@given(st.lists(values, min_size=1, max_size=3))
def test_lines_stay_inside_and_their_names_apart(lines: list[list[float]]) -> None:
    count = min(map(len, lines))
    times = [float(at + 1) for at in range(count)]
    drawn = plot("Title", "ms", times, [Series(str(n), "first", line[:count]) for n, line in enumerate(lines)])
    for line in drawn.lines:
        points = [tuple(map(float, point.split(","))) for point in line.points.split()]
        assert len(points) == count
        assert all(drawn.left <= x <= drawn.right and drawn.top <= y <= drawn.bottom for x, y in points)
    names = sorted(line.label_y for line in drawn.lines)
    assert all(low - high >= LABEL_HEIGHT - 0.01 for high, low in pairwise(names))
    assert names[0] >= TOP
    assert names[-1] <= HEIGHT


def test_every_place_says_its_numbers_even_of_a_long_run() -> None:
    times = [float(at + 1) for at in range(3_600)]
    drawn = plot("Orders", "so far", times, [Series("orders", "first", times)])
    assert len(drawn.looks) <= MAX_STRIPS
    assert drawn.looks[-1].words == "3600 s: orders 3,600"
    assert drawn.looks[0].x == drawn.left


def test_a_run_of_no_second_has_an_empty_plot() -> None:
    drawn = plot("Orders", "", [], [Series("orders", "first", [])])
    assert drawn.lines[0].points == ""
    assert "nothing" in drawn.summary

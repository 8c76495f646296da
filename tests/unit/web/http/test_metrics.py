"""The numbers that /metrics shows are those that were counted."""

from __future__ import annotations

import pytest

from shop.web.http.metrics import SECONDS, Timing


def test_a_time_counts_in_its_bucket_and_in_all_longer_ones() -> None:
    timing = Timing()
    for seconds in (0.0001, 0.001, 0.0011, 100.0):
        timing.observe(seconds)
    buckets = dict(timing.buckets())

    assert (buckets["0.0005"], buckets["0.001"], buckets["0.0025"]) == (1, 2, 3)
    assert (buckets[str(SECONDS[-1])], buckets["+Inf"]) == (3, 4)
    assert timing.total == pytest.approx(100.0022)

"""The histogram of handler times."""

from __future__ import annotations

import pytest

from shop.web.http.metrics import BUCKETS, Timing


def test_a_time_counts_in_its_bucket_and_all_larger_ones() -> None:
    timing = Timing()
    for seconds in (0.0001, 0.001, 0.0011, 100.0):
        timing.observe(seconds)
    buckets = dict(timing.buckets())

    assert (buckets["0.0005"], buckets["0.001"], buckets["0.0025"]) == (1, 2, 3)
    assert (buckets[str(BUCKETS[-1])], buckets["+Inf"]) == (3, 4)
    assert timing.total == pytest.approx(100.0022)

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from shop.loadtest.latencies import Latencies


@given(st.lists(st.floats(0.02, 60_000), min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_right_to_a_percent(times: list[float], of: float) -> None:
    latencies = Latencies()
    for time in times:
        latencies.add(time)
    exactly = sorted(times)[math.ceil(len(times) * of) - 1]
    assert abs(latencies.quantile(of) - exactly) <= 0.0101 * exactly
    assert latencies.max == max(times)


def test_no_requests_have_a_quantile_of_zero() -> None:
    assert Latencies().quantile(0.99) == 0.0

"""A histogram of latencies with constant memory for any number of requests."""

from __future__ import annotations

import math
from collections import Counter

_STEP = math.log(1.02)
_MIN = 0.01
"""Milliseconds; anything faster counts as this."""


class Latencies:
    """A histogram whose buckets each grow by two percent, so that quantiles are accurate to one percent."""

    def __init__(self) -> None:
        self.count = 0
        self.max = 0.0
        """The exact maximum, in milliseconds."""
        self._buckets: Counter[int] = Counter()

    def add(self, milliseconds: float) -> None:
        """Count one request."""
        self.count += 1
        self.max = max(self.max, milliseconds)
        self._buckets[round(math.log(max(milliseconds, _MIN)) / _STEP)] += 1

    def quantile(self, of: float) -> float:
        """The quantile `of` (0 to 1) in milliseconds; 0.0 without requests."""
        left = math.ceil(self.count * of)
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return min(math.exp(bucket * _STEP), self.max)
        return 0.0

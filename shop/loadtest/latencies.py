"""How long requests took, in little memory however many there are."""

from __future__ import annotations

import math
from collections import Counter

_STEP = math.log(1.02)
_LEAST = 0.01
"""Milliseconds; what is quicker counts as this."""


class Latencies:
    """A histogram whose bars are each two percent wider than the one before: quantiles are right to one percent."""

    def __init__(self) -> None:
        self.count = 0
        self.most = 0.0
        """The longest, in milliseconds, exactly."""
        self._bars: Counter[int] = Counter()

    def add(self, milliseconds: float) -> None:
        """One request more."""
        self.count += 1
        self.most = max(self.most, milliseconds)
        self._bars[round(math.log(max(milliseconds, _LEAST)) / _STEP)] += 1

    def quantile(self, of: float) -> float:
        """Milliseconds that this part of the requests did not exceed; 0.0 where there were none."""
        left = math.ceil(self.count * of)
        for bar in sorted(self._bars):
            left -= self._bars[bar]
            if left <= 0:
                return min(math.exp(bar * _STEP), self.most)
        return 0.0

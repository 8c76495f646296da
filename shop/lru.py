"""A bounded mapping that forgets the least recently used first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lru(Generic[T]):
    """At most `size` values by key; the least recently used goes first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.values: dict[Hashable, T] = {}

    def get(self, key: Hashable) -> T | None:
        """The value of a key, which is then the most recently used; None where there is none."""
        if key not in self.values:
            return None
        value = self.values[key] = self.values.pop(key)
        return value

    def put(self, key: Hashable, value: T) -> None:
        """Keep a value."""
        self.values.pop(key, None)
        if len(self.values) >= self.size:
            del self.values[next(iter(self.values))]
        self.values[key] = value

"""A bounded mapping that evicts the least recently used entry."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lru(Generic[T]):
    """A cache of at most `size` values by key. Evicts the least recently used value."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.values: dict[Hashable, T] = {}

    def get(self, key: Hashable) -> T | None:
        """Return the value of a key and mark it as the most recently used; None if there is none."""
        if key not in self.values:
            return None
        value = self.values[key] = self.values.pop(key)
        return value

    def put(self, key: Hashable, value: T) -> None:
        """Store a value; evict the least recently used one if the cache is full."""
        self.values.pop(key, None)
        if len(self.values) >= self.size:
            del self.values[next(iter(self.values))]
        self.values[key] = value

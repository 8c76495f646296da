"""Starts the dead parts of a demonstration again, some time after they died."""

from __future__ import annotations

import time
from collections.abc import Sequence

from shop.demo.parts import Part
from shop.demo.status import Status


class Revival:
    """Starts parts again `after` seconds from when they were seen dead; 0: never."""

    def __init__(self, parts: Sequence[Part], after: float) -> None:
        self._parts = {part.name: part for part in parts}
        self._after = after
        self._died: dict[str, float] = {}
        self._failed: dict[str, str] = {}

    def care(self, statuses: Sequence[Status]) -> dict[str, str]:
        """Start again what is due, and say of each dead part when it will be."""
        now = time.monotonic()
        dead = {seen.part for seen in statuses if seen.state == "dead"}
        self._died = {name: self._died.get(name, now) for name in dead}
        if not self._after:
            return {}
        for name in dead:
            if now - self._died[name] >= self._after:
                self._start(name)
        left = {name: self._after - (now - died) for name, died in self._died.items()}
        return {name: f"{self._failed.get(name, '')}back in {seconds:.0f} s" for name, seconds in left.items()}

    def _start(self, name: str) -> None:
        """Start it; where that fails, the next attempt is due as long after."""
        del self._died[name]
        self._failed.pop(name, None)
        try:
            self._parts[name].start()
        except Exception as error:
            self._died[name] = time.monotonic()
            self._failed[name] = f"does not start: {error}; "

"""Restarts the dead processes of a demonstration after a delay."""

from __future__ import annotations

import time
from collections.abc import Sequence

from shop.demo.parts import Part
from shop.demo.status import Status


class Restarter:
    """Restarts processes `after` seconds after they were found dead; 0: never. Used by shop.demo.stage."""

    def __init__(self, parts: Sequence[Part], after: float) -> None:
        self._parts = {part.name: part for part in parts}
        self._after = after
        self._died: dict[str, float] = {}
        self._failed: dict[str, str] = {}

    def restart_due(self, statuses: Sequence[Status]) -> dict[str, str]:
        """Restart what is due. Returns a note for each dead process: name -> when it will be restarted."""
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
        """Start it; after a failure, retry after the same delay."""
        del self._died[name]
        self._failed.pop(name, None)
        try:
            self._parts[name].start()
        except Exception as error:
            self._died[name] = time.monotonic()
            self._failed[name] = f"does not start: {error}; "

"""No test of this tier starts a server or a process: those that do stand in tests/servers."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

FORBIDDEN = {
    "os.exec": "starts a process",
    "os.fork": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.system": "starts a process",
    "socket.bind": "listens on a socket",
    "socket.connect": "connects a socket",
    "subprocess.Popen": "starts a process",
}
"""Audit events of Python (docs.python.org/3/library/audit_events.html), and what they say of a test."""


class Guard:
    """Hears of every audit event, and notes the forbidden ones while it is on."""

    def __init__(self) -> None:
        self.on = False
        self.noted: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in FORBIDDEN:
            what = arguments[-1] if event.startswith("socket") else arguments[0]
            self.noted.append(f"It {FORBIDDEN[event]} ({event} {what!r}): such a test belongs in tests/servers.")
            pytest.fail(self.noted[-1])

    def off(self) -> list[str]:
        """Stop hearing; returns what was noted."""
        noted, self.on, self.noted = self.noted, False, []
        return noted


GUARD = Guard()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Guard the fixtures of a test too: they start most servers."""
    GUARD.on = item.path.is_relative_to(Path(__file__).parent)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Fail where the code under test has caught the failure. Servers of other tiers may end now."""
    noted = GUARD.off()
    result = yield
    if noted:
        pytest.fail("\n".join(noted))
    return result

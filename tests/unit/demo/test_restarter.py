"""Dead processes are restarted when due, and a failing one does not block the others."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from typing_extensions import override

from shop.demo.parts import Look, Part
from shop.demo.restarter import Restarter
from shop.demo.status import Status, status, status_line


class Puppet(Part):
    """A Part without a process, whose state and failures a test sets."""

    def __init__(self, name: str, *, number: int | None = None, answer: Callable[[], Look] = lambda: Look("primary")):
        self.name = name
        self.number = number
        self.answer = answer
        self.starts = 0
        self.obstacle = ""

    @property
    @override
    def address(self) -> str:
        return "nowhere"

    @property
    @override
    def pid(self) -> int | None:
        return self.number

    @override
    def start(self) -> None:
        self.starts += 1
        if self.obstacle:
            raise OSError(self.obstacle)
        self.number = 100 + self.starts

    @override
    def end(self) -> None:
        self.number = None

    @override
    def look(self) -> Look:
        return self.answer()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    return at


def restart_due(restarter: Restarter, *parts: Part) -> dict[str, str]:
    return restarter.restart_due([status(part) for part in parts])


def test_a_dead_part_is_started_when_it_is_due(clock: list[float]) -> None:
    alive, dead = Puppet("alive", number=7), Puppet("dead")
    restarter = Restarter((alive, dead), 15)
    assert restart_due(restarter, alive, dead) == {"dead": "back in 15 s"}
    clock[0] += 14
    assert restart_due(restarter, alive, dead) == {"dead": "back in 1 s"}
    assert dead.starts == 0
    clock[0] += 1
    assert restart_due(restarter, alive, dead) == {}
    assert (alive.starts, dead.starts, dead.pid) == (0, 1, 101)


def test_the_time_begins_anew_with_each_death(clock: list[float]) -> None:
    part = Puppet("part")
    restarter = Restarter((part,), 15)
    restart_due(restarter, part)
    part.number = 7
    clock[0] += 20
    assert restart_due(restarter, part) == {}
    part.number = None
    assert restart_due(restarter, part) == {"part": "back in 15 s"}


def test_one_that_cannot_start_is_tried_again_and_holds_up_nobody(clock: list[float]) -> None:
    stuck, other = Puppet("stuck"), Puppet("other")
    stuck.obstacle = "port in use"
    restarter = Restarter((stuck, other), 5)
    restart_due(restarter, stuck, other)
    clock[0] += 5
    assert restart_due(restarter, stuck, other) == {"stuck": "does not start: port in use; back in 5 s"}
    assert other.pid == 101
    stuck.obstacle = ""
    clock[0] += 5
    assert restart_due(restarter, stuck, other) == {}
    assert (stuck.starts, stuck.pid) == (2, 102)


def test_zero_leaves_it_dead(clock: list[float]) -> None:
    part = Puppet("part")
    restarter = Restarter((part,), 0)
    restart_due(restarter, part)
    clock[0] += 1e6
    assert restart_due(restarter, part) == {}
    assert part.starts == 0


def silent() -> Look:
    raise TimeoutError


def test_one_that_has_a_process_and_no_answer_hangs() -> None:
    seen = status(Puppet("part", number=7, answer=silent))
    assert (seen.state, seen.pid) == ("hung", 7)
    assert status_line(seen, {}).endswith("  part nowhere, pid 7 hung")


def test_a_line_tells_what_there_is() -> None:
    seen = Status("redis", "127.0.0.1:1", 7, "alive", Look("primary", 1, 12.4))
    assert status_line(seen, {}).endswith("  redis 127.0.0.1:1, pid 7 alive, primary, 1 cart, 12 calls/s")
    dead = Status("redis", "127.0.0.1:1", None, "dead", Look(""))
    assert status_line(dead, {"redis": "back in 3 s"}).endswith("  redis 127.0.0.1:1, dead, back in 3 s")

"""Everything that is simulated, and what can happen to it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
import warnings
from collections.abc import Coroutine, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import redis.utils

from shop.cart.codec import decode
from shop.cart.model import Cart
from shop.cart.sql.service import open_table
from tests.simulation import seams
from tests.simulation.database import Database, Table
from tests.simulation.history import Doubt
from tests.simulation.loop import ACTOR, VirtualLoop
from tests.simulation.network import Link, Network
from tests.simulation.process import REDIS, Process, settings_with
from tests.simulation.redis_server import RedisServer

EPOCH = 1_700_000_000.0
"""The right wall clock when the loop's time is 0."""
GRACE = 3.0
"""Seconds after a fault in which processes may still find out what the others know."""


class Window(NamedTuple):
    """A time in which these processes (None: all) cannot know what all others have acknowledged."""

    start: float
    end: float
    processes: frozenset[str] | None
    doubt: Doubt

    def meets(self, process: str, since: float) -> bool:
        """Whether a request sent to a process at `since`, at the earliest, was answered in this time."""
        return since <= self.end and (self.processes is None or process in self.processes)


class World:
    """A Redis, a database, a network and any number of processes, all driven by one seed; `settings` of the shop."""

    def __init__(self, seed: int = 0, *, trace: bool = False, **settings: Any) -> None:
        self.loop = VirtualLoop()
        self.chance = random.Random(seed)
        self.settings = settings_with(**settings)
        self.network = Network(self.loop, self._stream())
        self.redis = RedisServer(self.loop, self._stream(), EPOCH)
        self.network.servers[REDIS] = self.redis
        self.database = Database(self.loop, self._stream())
        self.processes: list[Process] = []
        self.violations: list[str] = []
        self.traced: list[str] | None = [] if trace else None
        """What happened, line by line, if it is to be told."""
        self.outage = 0
        """The number of the latest outage, from 1. What fails again before all have found out is one outage."""
        self._windows: list[Window] = []
        self._nature = seams.Nature(self._wall, self.loop, self._stream())

    def run(self, scene: Coroutine[Any, Any, None]) -> None:
        """Play a scene to its end. Violations are found in `violations` afterwards."""
        with _world(self), seams.ruled_by(self._nature), self._logged():
            try:
                self.loop.run_until_complete(scene)
                self.violations += [f"unhandled: {text}" for text in self.loop.unhandled]
                self.violations += [f"the simulated Redis does not know {text}" for text in self.redis.unknown]
            finally:
                self._end()

    async def start(self, name: str, *, skew: float = 0.0) -> Process:
        """Start a process whose clock is wrong by `skew` seconds."""
        process = Process(self, name, self.settings)
        process.skew = skew
        self.processes.append(process)
        self.note(f"{name} starts")
        await process.start()
        return process

    @property
    def living(self) -> list[Process]:
        """The processes that take requests."""
        return [process for process in self.processes if not process.closing]

    def note(self, text: str) -> None:
        """Put down what happens."""
        if self.traced is not None:
            self.traced.append(f"{self.loop.time() - 1000:8.3f} {text}")

    def violates(self, text: str) -> None:
        """Put down what must not happen."""
        self.note(f"VIOLATION {text}")
        self.violations.append(text)

    # Faults

    def links(self, processes: Sequence[Process] | None = None) -> list[Link]:
        """The ways to the Redis, of these processes or of all."""
        return [self.network.link(process, REDIS) for process in processes or self.processes]

    async def redis_hangs(self, seconds: float) -> None:
        self.note(f"Redis hangs for {seconds:g} s")
        self.differ(seconds, doubt=Doubt.OUTAGE)
        self.redis.pause()
        await asyncio.sleep(seconds)
        self.note("Redis goes on")
        self.redis.resume()

    async def redis_restarts(self, seconds: float, *, lost: float = 0.0, silent: bool = False) -> None:
        """Crash, and start again after some seconds without the writes of the last `lost` seconds."""
        self.note(f"Redis crashes{' with its host' if silent else ''}, and loses what it got in {lost:g} s")
        self.redis.crash(silent=silent)
        self.differ(seconds, doubt=Doubt.SPLIT if lost else Doubt.OUTAGE)
        await asyncio.sleep(seconds)
        self.note("Redis starts again")
        self.redis.restart(lost=lost)

    async def redis_refuses(self, reason: str, seconds: float) -> None:
        self.note(f"Redis takes no change for {seconds:g} s: {reason}")
        self.redis.refuses = reason
        await asyncio.sleep(seconds)
        self.note("Redis takes changes again")
        self.redis.refuses = ""

    def redis_promotes(self, lost: float) -> None:
        self.note(f"a replica takes over that lags by {lost:g} s")
        self.differ(0)
        self.redis.promote(lost=lost)

    def redis_loses(self, share: float) -> None:
        self.note(f"Redis loses {share:.0%} of its keys")
        self.differ(0)
        self.redis.lose(share)

    async def cut(self, seconds: float, processes: Sequence[Process] | None = None) -> None:
        """Cut processes off from the Redis."""
        whom = processes or self.processes
        self.note(f"{' '.join(process.name for process in whom)} cut off from Redis for {seconds:g} s")
        self.differ(seconds, doubt=Doubt.SPLIT if processes else Doubt.OUTAGE)
        self.network.cut = processes is None
        for link in self.links(whom):
            link.cut = True
        await asyncio.sleep(seconds)
        self.note("the cut heals")
        self.network.cut = False
        for link in self.network.links.values():
            link.heal()

    async def slow(
        self, seconds: float, delay: tuple[float, float], processes: Sequence[Process] | None = None
    ) -> None:
        """Delay every message to and from the Redis."""
        self.note(f"messages take {delay[0]:g} to {delay[1]:g} s for {seconds:g} s")
        self.differ(seconds)
        links = self.links(processes)
        before = [link.delay for link in links]
        for link in links:
            link.delay = delay
        await asyncio.sleep(seconds)
        for link, usual in zip(links, before, strict=True):
            link.delay = usual
        self.note("messages are fast again")

    def forget_connections(self, process: Process) -> None:
        """Let a firewall forget the connections of a process: nothing that is sent on them arrives any more."""
        self.note(f"a firewall forgets the connections of {process.name}")
        for session in self.network.link(process, REDIS).sessions:
            session.forgotten = True

    def reset(self, process: Process) -> None:
        self.note(f"the connections of {process.name} are reset")
        self.network.link(process, REDIS).reset()

    async def stall(self, process: Process, seconds: float) -> None:
        self.note(f"{process.name} does not run for {seconds:g} s")
        self.loop.stall(process)
        await asyncio.sleep(seconds)
        self.note(f"{process.name} runs again")
        self.loop.resume(process)

    def kill(self, process: Process) -> None:
        """End a process; the kernel closes its connections after what was sent."""
        self.note(f"{process.name} is killed")
        process.kill()
        for session in list(self.network.link(process, REDIS).sessions):
            session.hang_up()

    async def close(self, process: Process) -> None:
        self.note(f"{process.name} is asked to end")
        await process.close()
        self.note(f"{process.name} has ended")

    async def database_fails(self, seconds: float, *, hangs: bool = False, connecting: float = 0.0) -> None:
        """Have it down or hung; after it was down, it takes the processes some seconds to connect."""
        self.note(f"the database {'hangs' if hangs else 'is down'} for {seconds:g} s")
        self.database.down, self.database.hung = not hangs, hangs
        await asyncio.sleep(seconds)
        self.note("the database is back")
        await self.database.starts(0.0 if hangs else connecting)

    def differ(self, seconds: float, processes: Sequence[Process] | None = None, *, doubt: Doubt = Doubt.SPLIT) -> None:
        """From now on for some seconds, answers of these processes, or of all, may lack what `doubt` says."""
        names = frozenset(process.name for process in processes) if processes else None
        now = self.loop.time()
        self.outage += all(window.end < now for window in self._windows)
        self._windows.append(Window(now, now + seconds + GRACE, names, doubt))

    def doubt(self, process: str, since: float) -> Doubt:
        """What an answer of a process may lack now, to a request sent at `since`."""
        return max((window.doubt for window in self._windows if window.meets(process, since)), default=Doubt.NONE)

    def has(self, cart_id: str, change_id: bytes) -> bool:
        """Whether Redis has a change of a cart."""
        return change_id in (self.redis.value(f"cart:{cart_id}".encode()) or b"")

    def stored(self, cart_id: str) -> Cart:
        """What Redis has of a cart."""
        value = self.redis.value(f"cart:{cart_id}".encode())
        return decode(cart_id, value) if value else Cart(cart_id)

    def _wall(self) -> float:
        actor = ACTOR.get()
        return EPOCH + self.loop.time() + (actor.skew if isinstance(actor, Process) else 0.0)

    def _stream(self) -> random.Random:
        return random.Random(self.chance.random())

    def _end(self) -> None:
        self.network.refuses = True
        self.redis.crash()
        self.database.down = True
        self.database.go_on()
        for link in self.network.links.values():
            link.heal()
        self.loop.clear_away(self.processes)

    @contextlib.contextmanager
    def _logged(self) -> Iterator[None]:
        """Put what the services log into the trace, or nowhere."""
        logger = logging.getLogger("shop")
        handler, level, propagates = _Notes(self), logger.level, logger.propagate
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING if self.traced is not None else logging.CRITICAL + 1)
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagates


class _Notes(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        actor = ACTOR.get()
        name = actor.name if isinstance(actor, Process) else "?"
        self._world.note(f"    {name} logs: {record.getMessage()}")


_running: list[World] = []


@contextlib.contextmanager
def _world(world: World) -> Iterator[None]:
    _running.append(world)
    try:
        yield
    finally:
        _running.pop()


def _open_table(url: str, timeout: float, *names: str) -> Table:
    return Table(_running[-1].database, *names)


@contextlib.contextmanager
def _quick_redis() -> Iterator[None]:
    """redis-py looks up its own version for each connection, which takes as long as ten commands."""
    look_up = redis.utils.get_lib_version
    redis.utils.get_lib_version = cache(look_up)
    try:
        yield
    finally:
        redis.utils.get_lib_version = look_up


@contextlib.contextmanager
def simulated() -> Iterator[None]:
    """While this is open, the cart services use what worlds simulate: their clock, their chance, their database."""
    with warnings.catch_warnings(), seams.installed((open_table, _open_table)), _quick_redis():
        warnings.simplefilter("ignore", ResourceWarning)  # a killed process leaves connections open
        yield
        gc.collect()

"""A process of the shop: the real cart services, as shop.cart.connect composes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from shop.cart import service
from shop.cart.connect import connect
from shop.cart.service import CartService
from shop.settings import Settings
from tests.simulation.loop import ACTOR, Actor

if TYPE_CHECKING:
    from tests.simulation.world import World

REDIS = "redis"
"""The host name of the Redis."""

T = TypeVar("T")


class Gone(Exception):
    """The process ended before it answered."""


class Process(Actor):
    """A worker with these settings. Its wall clock is wrong by `skew` seconds."""

    def __init__(self, world: World, name: str, settings: Settings) -> None:
        super().__init__()
        self.name = name
        self.skew = 0.0
        self.settings = settings
        self.closing = True
        """Whether it takes no requests: it has not started yet, or is about to end."""
        self.carts: CartService
        self._loop = world.loop
        self._asked: dict[asyncio.Future[Any], None] = {}
        """In the order of the requests: the order of a set would depend on addresses in memory."""

    async def start(self) -> None:
        """Build and start the service, as the shop does before it takes requests."""
        self.carts = self.context.run(composition, self)
        await self.run(self.carts.start)
        self.closing = self.dead

    async def close(self) -> None:
        """End as on SIGTERM: requests are answered, then the service is closed."""
        self.closing = True
        while self._asked:
            await asyncio.wait(self._asked)
        await self.run(self.carts.close)
        self.kill()

    def kill(self) -> None:
        """End as on SIGKILL: nothing of it runs any more, and nobody gets an answer."""
        self.dead = self.closing = True
        for asked in list(self._asked):
            if not asked.done():
                asked.set_exception(Gone(f"{self.name} has ended."))

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine in this process and return its result. Raises Gone if the process ends before."""
        if self.dead:
            raise Gone(f"{self.name} is not running.")
        answer: asyncio.Future[T] = self._loop.create_future()
        task = self._loop.create_task(work(), context=self.context)
        task.add_done_callback(lambda task: _pass_on(task, answer), context=OUTSIDE)
        self._asked[answer] = None
        try:
            return await answer
        finally:
            self._asked.pop(answer, None)


def moment(process: Process) -> int:
    """The time by which a process dates changes."""
    now = getattr(process.carts, "now", None)
    return int(process.context.run(now or service.now))


def settings_with(**changed: Any) -> Settings:
    """The settings of a shop with a Redis and a database, except for those given."""
    return Settings(**{"redis_url": f"redis://{REDIS}:6379/0", "database_url": "sqlite+aiosqlite:///none", **changed})


def composition(process: Process) -> CartService:
    """The services of a process, from its settings. The one place that knows how the shop makes them."""
    return connect(process.settings)


def _pass_on(task: asyncio.Task[T], answer: asyncio.Future[T]) -> None:
    if answer.done() or task.cancelled():
        return
    if (error := task.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(task.result())


OUTSIDE = Actor().context
OUTSIDE.run(ACTOR.set, None)

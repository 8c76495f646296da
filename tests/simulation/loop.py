"""An event loop on a virtual clock, whose processes can stall and be killed."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import Context, ContextVar, copy_context
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

START = 1_000.0
"""The loop's time when it begins."""
MAX_CALLBACKS = 300_000
"""How many callbacks a simulation takes at most; a usual one takes a thousand."""
CANCELLATIONS = 5
"""How often tasks are cancelled in the end that go on all the same."""


class Call:
    """A callback that has to run: an asyncio.Handle without what costs time."""

    __slots__ = ("args", "callback", "context", "is_cancelled")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None) -> None:
        self.callback = callback
        self.args = args
        self.context = copy_context() if context is None else context
        self.is_cancelled = False

    def cancel(self) -> None:
        """Do not run it."""
        self.is_cancelled = True

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.is_cancelled


class Timer(Call):
    """A callback that has to run at a time: an asyncio.TimerHandle."""

    __slots__ = ("at",)
    at: float

    def when(self) -> float:
        """The loop's time at which it has to run."""
        return self.at


class Actor:
    """Something whose code runs on the loop. While it is stalled, nothing of it runs; when it is dead, nothing ever."""

    def __init__(self) -> None:
        self.dead = False
        self.stalled = False
        self.timers_first = False
        """Whether its event loop runs timers before it reads sockets, as uvloop does."""
        self.context: Context = copy_context()
        self.context.run(ACTOR.set, self)
        self.late_calls: deque[Call] = deque()
        self.late_timers: deque[Call] = deque()
        self.late_input: deque[Callable[[], None]] = deque()


ACTOR: ContextVar[Actor | None] = ContextVar("ACTOR", default=None)
"""Whose code runs now; None: the world's own."""


class Deadlock(AssertionError):
    """Nothing will ever happen any more, but somebody is waiting."""


class Endless(AssertionError):
    """Something goes round and round."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in a fixed order and jumps to the next timer when none is left. Knows no threads, files, sockets.

    `connect` opens the connections that code on this loop asks for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.callbacks = 0
        self.unhandled: list[str] = []
        """Exceptions that no one took care of."""
        self.connect: Callable[[Any, str, int], Any] | None = None
        self.tasks: list[asyncio.Task[Any]] = []
        """Every task, so that those of a dead actor are not collected while the others continue."""
        self._timers: list[tuple[float, int, Timer]] = []
        """A heap. The second number keeps those that are due at the same time in their order."""
        self._numbers = count()
        self.create_future = partial(asyncio.Future, loop=self)  # type: ignore[method-assign]
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self.now

    get_debug = staticmethod(bool)
    """False, without the cost of a call: every future and task asks."""

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Call:
        call = Call(callback, args, context)
        self._ready.append(call)  # type: ignore[attr-defined]
        return call

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        timer = Timer(callback, args, context)
        timer.at = when
        heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, **options)
        self.tasks.append(task)
        return task

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        assert self.connect is not None
        return await self.connect(protocol_factory, host, port)

    def input(self, actor: Actor, callback: Callable[..., None], *args: object) -> None:
        """Call back as for what came in on a socket of this actor."""
        if actor.dead:
            return
        if actor.stalled:
            actor.late_input.append(lambda: callback(*args))
        else:
            self.call_soon(callback, *args, context=actor.context)

    def stall(self, actor: Actor) -> None:
        """Hold everything of this actor back until `resume`."""
        actor.stalled = True

    def resume(self, actor: Actor) -> None:
        """Run what was held back, in the order of the actor's own event loop."""
        actor.stalled = False
        ready: deque[Call] = self._ready  # type: ignore[attr-defined]
        ready.extend(actor.late_calls)
        timers = list(actor.late_timers)
        if actor.timers_first:
            ready.extend(timers)
        for callback in actor.late_input:
            self.call_soon(callback, context=actor.context)
        if not actor.timers_first:
            ready.extend(timers)
        for late in (actor.late_calls, actor.late_timers, actor.late_input):
            late.clear()

    def clear_away(self, actors: Iterable[Actor]) -> None:
        """Cancel every task that is left, also those of the dead, and close the loop."""
        for actor in actors:
            actor.dead = False
            self.resume(actor)
        self.callbacks = 0
        with contextlib.suppress(Deadlock, Endless):
            for _ in range(CANCELLATIONS):
                left = [task for task in self.tasks if not task.done()]
                for task in left:
                    task.cancel()
                if not left:
                    break
                self.run_until_complete(asyncio.wait(left, timeout=1))
        self.close()

    def _note(self, loop: Any, context: dict[str, Any]) -> None:
        self.unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _write_to_self(self) -> None:
        raise AssertionError("The simulation has no threads.")

    def _run_once(self) -> None:
        """Run callbacks, one after the other, until the loop is stopped."""
        ready: deque[Call] = self._ready  # type: ignore[attr-defined]
        while not self._stopping:  # type: ignore[attr-defined]
            if not ready:
                self._jump()
            self.callbacks += 1
            if self.callbacks > MAX_CALLBACKS:
                raise Endless(f"{MAX_CALLBACKS} callbacks, and no end.")
            call = ready.popleft()
            if call.is_cancelled:
                continue
            context = call.context
            actor = context.get(ACTOR)
            if actor is not None and (actor.dead or actor.stalled):
                # what a dead actor leaves is kept, to be cleared away in the end
                (actor.late_timers if isinstance(call, Timer) else actor.late_calls).append(call)
                continue
            try:
                context.run(call.callback, *call.args)
            except Exception as error:
                self.call_exception_handler({"message": f"Exception in {call.callback}", "exception": error})

    def _jump(self) -> None:
        """Go to the next timer, and make ready all that are due then."""
        timers, ready = self._timers, self._ready  # type: ignore[attr-defined]
        while timers and (not ready or timers[0][0] <= self.now):
            when, _, timer = heappop(timers)
            if not timer.is_cancelled:
                if when > self.now:
                    self.now = when
                ready.append(timer)
        if not ready:
            raise Deadlock("All are waiting, and no timer is left.")

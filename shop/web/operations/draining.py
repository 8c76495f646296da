"""Ends a process so that a load balancer notices before it meets a closed port.

After SIGTERM, /readyz answers 503 for a while, and everything else is served as before; then the server ends as usual,
which finishes the requests in progress. There is no wait if nobody has asked /readyz lately: then nobody would notice.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from types import FrameType

from shop.web.http.reply import Header

WATCHED_SECONDS = 60.0
"""Whoever watches /readyz has asked within this time."""


class Draining:
    """Whether this process is about to end."""

    def __init__(self, seconds: float) -> None:
        self.is_ending = False
        self._seconds = seconds
        self._asked = float("-inf")

    def asked(self) -> None:
        """Note that somebody asked whether this process is ready."""
        self._asked = time.monotonic()

    def delay(self) -> float:
        """Seconds to wait before ending: 0 if nobody watches."""
        return self._seconds if time.monotonic() - self._asked < WATCHED_SECONDS else 0.0

    @property
    def headers(self) -> list[Header]:
        """Has the client close its connection: a proxy keeps some, and would meet them closed later."""
        return [(b"connection", b"close")] if self.is_ending else []

    def watch(self) -> None:
        """Put the wait before what the server does at SIGTERM. A second signal ends the wait."""
        ends = signal.getsignal(signal.SIGTERM)
        if threading.current_thread() is not threading.main_thread() or not callable(ends):
            return
        loop = asyncio.get_running_loop()

        def begin(number: int, frame: FrameType | None) -> None:
            if self.is_ending or not (seconds := self.delay()):
                ends(number, frame)
                return
            self.is_ending = True
            loop.call_soon_threadsafe(loop.call_later, seconds, ends, number, frame)

        signal.signal(signal.SIGTERM, begin)

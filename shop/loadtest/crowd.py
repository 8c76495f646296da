"""The process the shoppers are in: it reads a Plan, writes a Second each second, and what was Seen at the end.

Locust puts gevent in the place of much of the standard library when it is imported, so it has this process to itself.
SIGINT sends the shoppers home early.
"""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

import gevent
import msgspec
from gevent.event import Event
from locust.env import Environment

from shop.loadtest.plan import Plan
from shop.loadtest.shopper import INSISTING_SECONDS, Shopper
from shop.loadtest.tally import Second, Seen, Tally


def main() -> None:
    """Run the plan on standard input."""
    run(msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan))


def run(plan: Plan) -> None:
    """Let the shoppers shop, and tell what happens on standard output."""
    Shopper.plan, Shopper.tally = plan, Tally()
    environment = Environment(user_classes=[Shopper], host=plan.url, stop_timeout=INSISTING_SECONDS)
    environment.events.request.add_listener(_counted)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    home = Event()
    gevent.signal_handler(signal.SIGINT, home.set)
    begun = time.monotonic()
    runner.start(plan.users, spawn_rate=plan.spawn_rate)
    for at in range(1, int(plan.seconds) + 1):
        if home.wait(max(0.0, begun + min(at, plan.seconds) - time.monotonic())):
            break
        _tell(Shopper.tally.second(time.monotonic() - begun, runner.user_count))
    seconds = time.monotonic() - begun
    runner.quit()
    _tell(Shopper.tally.seen(seconds))


def _counted(name: str, response_time: float, exception: object, **_: Any) -> None:
    Shopper.tally.request(name, response_time, str(exception) if exception else "")


def _tell(message: Second | Seen) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

"""The process of the shoppers: reads a Plan, writes a Second every second, and Seen at the end, as JSON Lines.

Importing Locust monkey-patches much of the standard library with gevent, so it runs in its own process. SIGINT ends
the run early.
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
from shop.loadtest.shoppers.shopper import RETRY_SECONDS, Shopper
from shop.loadtest.tally import Second, Seen, Tally


def main() -> None:
    """Run the plan read from standard input."""
    run(msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan))


def run(plan: Plan) -> None:
    """Run the shoppers, and write the results to standard output."""
    Shopper.plan, Shopper.tally = plan, Tally()
    environment = Environment(user_classes=[Shopper], host=plan.url, stop_timeout=RETRY_SECONDS)
    environment.events.request.add_listener(_count)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    stopped = Event()
    gevent.signal_handler(signal.SIGINT, stopped.set)
    begun = time.monotonic()
    runner.start(plan.users, spawn_rate=plan.spawn_rate)
    for at in range(1, int(plan.seconds) + 1):
        if stopped.wait(max(0.0, begun + min(at, plan.seconds) - time.monotonic())):
            break
        _write(Shopper.tally.second(time.monotonic() - begun, runner.user_count))
    seconds = time.monotonic() - begun
    runner.quit()
    _write(Shopper.tally.seen(seconds))


def _count(name: str, response_time: float, exception: object, **_: Any) -> None:
    Shopper.tally.request(name, response_time, str(exception) if exception else "")


def _write(message: Second | Seen) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

"""The clock of a store, with clocks that the test sets."""

from __future__ import annotations

from shop.cart.clock import StoreClock


class Host:
    """A host whose monotonic clock and whose time of day the test sets."""

    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.time = 5_000_000.0

    def clock(self) -> StoreClock:
        return StoreClock(monotonic=lambda: self.monotonic, host=lambda: self.time)


def test_the_hosts_time_is_used_until_the_store_has_told_its_own() -> None:
    host = Host()
    clock = host.clock()
    assert clock.now() == 5_000_000
    assert clock.not_after(1000.0) is None
    assert not clock.is_measured
    clock.measured(7_000_000, 1000.0, 1000.0)
    assert (clock.now(), clock.not_after(1000.5)) == (7_000_000, 7_000_000.5)


def test_a_host_whose_time_is_set_does_not_change_the_stores_time() -> None:
    host = Host()
    clock = host.clock()
    clock.measured(7_000_000, 1000.0, 1000.0)
    host.time -= 200 * 86400
    host.monotonic += 60
    assert clock.now() == 7_000_060


def test_a_slow_measurement_never_makes_a_deadline_too_late() -> None:
    clock = Host().clock()
    clock.measured(7_000_000.0, 999.6, 1000.0)
    assert clock.not_after(1000.0) == 7_000_000
    assert clock.now() == 7_000_000.2


def test_measurements_narrow_each_other() -> None:
    clock = Host().clock()
    clock.measured(7_000_000.0, 999.6, 1000.0)
    clock.measured(7_000_000.0, 999.9, 1000.4)
    assert clock.not_after(1000.0) == 7_000_000
    assert round(clock.now(), 6) == 7_000_000.05


def test_a_store_whose_clock_was_set_is_believed_at_once() -> None:
    clock = Host().clock()
    clock.measured(7_000_000.0, 999.99, 1000.0)
    clock.measured(6_000_000.0, 999.9, 1000.0)
    assert clock.not_after(1000.0) == 6_000_000

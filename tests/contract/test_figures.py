"""A known load of two workers, and the figures that an operator reads of it, on every store that two workers share.

Operations, average size, hit rate and carts that expired: those of the page for operators and of the dashboard.
"""

from __future__ import annotations

import asyncio
import time

import pytest
from prometheus_client import CollectorRegistry

from shop.cart.around.census import Census
from shop.cart.around.metered import MeteredCartService
from shop.metrics.history import Figures, figures_of
from shop.metrics.merging import families_of, merged
from shop.money import Money
from tests.fixtures.cart_services import BACKENDS, Open, settle

EUR = Money(1900, "EUR")
PATIENCE = 10
SHARED = [name for name in BACKENDS if "memory" not in name and name not in ("fakeredis", "failover-fakeredis")]
COUNT_EXPIRED = ["valkey"]  # a cluster counts what other tests have left, too


class Worker:
    """What one worker of a shop counts."""

    def __init__(self, carts: MeteredCartService, registry: CollectorRegistry) -> None:
        self.carts = carts
        self.registry = registry
        self.census = Census(carts)
        registry.register(self.census)


async def opened(open_carts: Open, **options: int) -> list[Worker]:
    found = []
    for _ in range(2):
        registry = CollectorRegistry()
        found.append(Worker(MeteredCartService(await open_carts(**options), registry), registry))
    return found


async def figures(workers: list[Worker]) -> Figures:
    for worker in workers:
        await worker.census.look()
    return figures_of(merged(families_of(worker.registry) for worker in workers), at=0.0, workers=len(workers))


@pytest.mark.parametrize("build_carts", SHARED, indirect=True)
async def test_the_figures_of_two_workers_are_those_of_the_load(open_carts: Open) -> None:
    workers = await opened(open_carts)
    for number in range(6):
        first, second = workers[number % 2].carts, workers[1 - number % 2].carts
        await first.add(f"cart-{number}", "mug", 1, EUR)
        await first.add(f"cart-{number}", "bowl", 2, EUR)
        await second.add(f"cart-{number}", "jug", 1, EUR)
        await second.get(f"cart-{number}")
        await first.get(f"nobody-{number}")
        await first.get(f"nobody-either-{number}")
    for worker in workers:
        await settle(worker.carts)
    found = await figures(workers)
    assert (found.operations, found.refused, found.begun) == (6 * 6, 0, 6)
    assert (found.reads, found.hits) == (18, 6)
    assert (found.kept, found.lines) == (6, 3)
    assert found.bytes > 50


@pytest.mark.parametrize("build_carts", COUNT_EXPIRED, indirect=True)
async def test_carts_that_expire_are_counted_once_for_both_workers(open_carts: Open) -> None:
    workers = await opened(open_carts, ttl=1)
    before = (await figures(workers)).expired
    for number in range(3):
        await workers[number % 2].carts.add(f"cart-{number}", "mug", 1, EUR)
    deadline = time.monotonic() + PATIENCE
    while (await figures(workers)).expired - before < 3 and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    found = await figures(workers)
    assert (found.expired - before, found.kept) == (3, 0)

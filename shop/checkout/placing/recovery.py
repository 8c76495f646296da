"""Completes interrupted orders: the process died, the provider did not answer, or the shopper left.

Every process polls for unsettled orders whose claim has expired, claims a batch and advances it. It asks the provider
first: a paid order is placed, an unpaid one is undone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress

from shop.checkout.metrics import OrderMetrics
from shop.checkout.model import Order
from shop.checkout.order_numbers import masked
from shop.checkout.placing.workflow import OrderWorkflow
from shop.errors import PaymentRefused, StoreUnavailable, unforeseen
from shop.retry import jitter

TOGETHER = 10
"""Orders per batch."""
MOST_SECONDS = 1.0
"""The longest pause between two polls."""

log = logging.getLogger(__name__)


class OrderRecovery:
    """The background job that completes orders, in every process, between `start` and `close`."""

    def __init__(self, workflow: OrderWorkflow, metrics: OrderMetrics | None = None) -> None:
        self._workflow = workflow
        self._metrics = metrics or OrderMetrics()
        self._pause = min(MOST_SECONDS, workflow.transitions.seconds / 2)
        self._task: asyncio.Task[None] | None = None
        self._troubled = False

    async def start(self) -> None:
        """Start to poll. Does not need the database: an unavailable one is retried."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop. Orders in progress are left to the next claim."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def settle_due(self) -> int:
        """Advance every due order once; return how many there were. Raises StoreUnavailable."""
        count = 0
        while (await self._look()) and (some := await self.claim()):
            await asyncio.gather(*(self._advance(order, claimant) for order, claimant in some))
            count += len(some)
        return count

    async def _look(self) -> int:
        found = await self._workflow.orders.open(self._workflow.transitions.now())
        self._metrics.open(found.orders)
        return found.due

    async def claim(self) -> list[tuple[Order, str]]:
        """Claim a batch of due orders; return each with the name of its claim."""
        claimant = secrets.token_hex(8)
        return [(order, claimant) for order in await self._workflow.transitions.claim_due(TOGETHER, claimant)]

    async def _advance(self, order: Order, claimant: str) -> None:
        try:
            after = await self._workflow.advance(order, claimant, tell=True)
        except Exception as error:
            level = logging.ERROR if isinstance(error, PaymentRefused) else logging.WARNING
            words, number = "Order %s: still %s, will retry: %s", masked(order.number)
            log.log(level, words, number, order.state, error, exc_info=unforeseen(error))
            with suppress(StoreUnavailable):
                await self._workflow.transitions.defer(order, claimant)
        else:
            log.info("Order %s: advanced from %s to %s", masked(order.number), order.state, after.state)

    async def _run(self) -> None:
        while True:
            try:
                await self.settle_due()
                self._troubled = False
            except Exception as error:
                if not self._troubled:
                    log.warning("Order recovery failed, will retry: %s", error, exc_info=unforeseen(error))
                self._troubled = True
            await asyncio.sleep(jitter(self._pause))

"""Settles what was left open: by a process that died, a bank that did not answer, a shopper who went away.

Every process of the shop looks now and then for orders that are not settled and that nobody works on, claims some, and
goes on with them. It asks the bank first, so that what was paid is placed, and what was not is undone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets

from shop.checkout.metrics import OrderMetrics
from shop.checkout.model import Order
from shop.checkout.order_numbers import masked
from shop.checkout.placing.workflow import OrderWorkflow
from shop.errors import unforeseen
from shop.retry import jitter

TOGETHER = 10
"""Orders that are claimed and gone on with at once."""
MOST_SECONDS = 1.0
"""Between two looks."""

log = logging.getLogger(__name__)


class OrderRecovery:
    """Background work of every process, between `start` and `close`."""

    def __init__(self, workflow: OrderWorkflow, metrics: OrderMetrics | None = None) -> None:
        self._workflow = workflow
        self._metrics = metrics or OrderMetrics()
        self._pause = min(MOST_SECONDS, workflow.transitions.seconds / 2)
        self._task: asyncio.Task[None] | None = None
        self._troubled = False

    async def start(self) -> None:
        """Begin to look. Never raises because the database is away."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop. What is under way is left as it is, for the next who claims it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def settle_due(self) -> int:
        """Go on with the orders that are due now, once each; how many there were. Raises StoreUnavailable."""
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
        """Orders that are due, claimed, each with the name that it is claimed by."""
        claimant = secrets.token_hex(8)
        return [(order, claimant) for order in await self._workflow.transitions.claim_due(TOGETHER, claimant)]

    async def _advance(self, order: Order, claimant: str) -> None:
        try:
            after = await self._workflow.advance(order, claimant)
        except Exception as error:
            number = masked(order.number)
            log.warning("Order %s is still %s. %s", number, order.state, error, exc_info=unforeseen(error))
        else:
            log.info("Order %s was %s and is %s.", masked(order.number), order.state, after.state)

    async def _run(self) -> None:
        while True:
            try:
                await self.settle_due()
                self._troubled = False
            except Exception as error:
                if not self._troubled:
                    log.warning("Open orders wait. %s", error, exc_info=unforeseen(error))
                self._troubled = True
            await asyncio.sleep(jitter(self._pause))

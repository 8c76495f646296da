"""What checkout has not finished: reserved stock, open orders, e-mails that wait. For metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from shop.catalog.schema import UNPAID, reservations
from shop.checkout.mail.outbox import NEVER
from shop.checkout.schema import DISPUTED, orders, outbox
from shop.database import fetch
from shop.metrics.sampling import Sampled


class Backlog(Sampled):
    """Looks at what waits in the database. `clock` is in seconds since the epoch."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._disputed = self._reserved = self._age = self._waiting = self._refused = 0.0

    @override
    async def look(self) -> None:
        now = self._clock()
        taken = func.coalesce(func.sum(reservations.c.quantity), 0).label("units")
        (reserved,) = await fetch(self._engine, select(taken).where(UNPAID))
        oldest = func.min(orders.c.created_at).label("oldest")
        (open_,) = await fetch(self._engine, select(oldest).where(~orders.c.settled, ~orders.c.processing))
        count = func.count().label("orders")
        (disputes,) = await fetch(self._engine, select(count).where(DISPUTED, orders.c.dispute == "open"))
        refused = func.count().filter(outbox.c.due_at >= NEVER).label("refused")
        waiting = func.count().filter(outbox.c.due_at < NEVER).label("waiting")
        (emails,) = await fetch(self._engine, select(refused, waiting).where(outbox.c.sent_at.is_(None)))
        self._disputed, self._reserved = float(disputes.orders), float(reserved.units)
        self._age = max(now - open_.oldest, 0.0) if open_.oldest else 0.0
        self._waiting, self._refused = float(emails.waiting), float(emails.refused)

    @override
    def collect(self) -> Iterable[Metric]:
        for name, help_, value in (
            ("shop_reserved_items", "Units that carts and unpaid orders keep from sale", self._reserved),
            ("shop_order_unsettled_age_seconds", "Age of the oldest order that waits", self._age),
            ("shop_orders_disputed", "Orders whose payment is disputed now", self._disputed),
            ("shop_emails_waiting", "E-mails in the outbox that have not been sent", self._waiting),
            ("shop_emails_refused", "E-mails that the mail server refused for good", self._refused),
        ):
            yield GaugeMetricFamily(name, help_, value=value)

"""What a crowd of shoppers counts, and what it tells the process that started it: one JSON object a line."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

from shop.loadtest.history import Verdict
from shop.loadtest.latencies import Latencies

MOST_WORDS = 20
"""Different reasons that are remembered of what failed."""


class Second(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One second of the run; times of its requests in milliseconds, 0.0 where there were none."""

    at: float
    """Seconds since the beginning."""
    users: int
    requests: int
    refused: int
    failed: int
    p50: float
    p95: float
    p99: float
    carts: int
    """Carts with something in them."""
    pieces: int
    """In all of them."""
    orders: int
    """Since the beginning."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """All requests of one kind; times in milliseconds."""

    name: str
    requests: int
    refused: int
    """Answered with a reason why not, such as 'Only 3 left'."""
    failed: int
    """An error, or no answer."""
    p50: float
    p95: float
    p99: float
    most: float


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to order, made once or clicked twice."""

    email: str
    lines: dict[str, int]
    """What was in the cart: sku -> pieces."""
    answer: Literal["placed", "refused", "unknown"]
    number: str = ""
    """Of the order, where it was placed."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All that the shoppers saw, when the last has gone home."""

    seconds: float
    kinds: tuple[Kind, ...]
    total: Kind
    attempts: tuple[Attempt, ...]
    verdict: Verdict
    """Of all carts."""
    changes: int
    """Acknowledged changes of carts."""
    reads: int
    """Carts that were looked at and compared."""
    receipts: int
    """Receipts that were looked for."""
    without_receipt: tuple[str, ...]
    """In words."""
    failures: dict[str, int]
    """Words -> how often."""
    refusals: dict[str, int]
    sold_out: int
    """How often somebody wanted to add what was sold out."""


class Tally:
    """Counts while the shoppers shop."""

    def __init__(self) -> None:
        self.verdict = Verdict()
        self.attempts: dict[str, Attempt] = {}
        """By e-mail address."""
        self.carts: dict[int, int] = {}
        """Shopper -> pieces in the cart."""
        self.changes = self.reads = self.receipts = self.sold_out = 0
        self.without_receipt: list[str] = []
        self.failures: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self._total = CartPricing("all")
        self._kinds: dict[str, CartPricing] = {}
        self._second = CartPricing("second")

    def request(self, kind: str, milliseconds: float, failure: str) -> None:
        """A request is over; `failure` says why it has no good answer, '' where it has."""
        if failure and (failure in self.failures or len(self.failures) < MOST_WORDS):
            self.failures[failure] += 1
        for sums in (self._total, self._second, self._kinds.setdefault(kind, CartPricing(kind))):
            sums.latencies.add(milliseconds)
            sums.failed += bool(failure)

    def refused(self, kind: str, words: str) -> None:
        """The request that was counted last is a refusal with these words."""
        if words in self.refusals or len(self.refusals) < MOST_WORDS:
            self.refusals[words] += 1
        for sums in (self._total, self._second, self._kinds.setdefault(kind, CartPricing(kind))):
            sums.refused += 1

    def second(self, at: float, users: int) -> Second:
        """What happened since this was asked last."""
        sums, self._second = self._second.sums(), CartPricing("second")
        return Second(
            at=at,
            users=users,
            requests=sums.requests,
            refused=sums.refused,
            failed=sums.failed,
            p50=sums.p50,
            p95=sums.p95,
            p99=sums.p99,
            carts=sum(pieces > 0 for pieces in self.carts.values()),
            pieces=sum(self.carts.values()),
            orders=sum(attempt.answer == "placed" for attempt in self.attempts.values()),
        )

    def seen(self, seconds: float) -> Seen:
        """All of it."""
        return Seen(
            seconds=seconds,
            kinds=tuple(sums.sums() for sums in self._kinds.values()),
            total=self._total.sums(),
            attempts=tuple(self.attempts.values()),
            verdict=self.verdict,
            changes=self.changes,
            reads=self.reads,
            receipts=self.receipts,
            without_receipt=tuple(self.without_receipt),
            failures=dict(self.failures),
            refusals=dict(self.refusals),
            sold_out=self.sold_out,
        )


class CartPricing:
    """Requests of one kind, or of one second."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.latencies = Latencies()
        self.refused = 0
        self.failed = 0

    def sums(self) -> Kind:
        """As they are told."""
        return Kind(
            name=self.name,
            requests=self.latencies.count,
            refused=self.refused,
            failed=self.failed,
            p50=self.latencies.quantile(0.50),
            p95=self.latencies.quantile(0.95),
            p99=self.latencies.quantile(0.99),
            most=self.latencies.most,
        )

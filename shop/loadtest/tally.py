"""The counters of the shoppers, and the messages to the parent process: one JSON object per line."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

from shop.loadtest.latencies import Latencies
from shop.loadtest.shoppers.history import Verdict

MAX_REASONS = 20
"""Maximum number of different reasons that are counted."""


class Second(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One second of the run; latencies in milliseconds, 0.0 without requests."""

    at: float
    """Seconds since the start."""
    users: int
    requests: int
    refused: int
    failed: int
    p50: float
    p95: float
    p99: float
    carts: int
    """Carts that are not empty."""
    pieces: int
    """Units in all carts."""
    orders: int
    """Accepted orders since the start."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """All requests of one kind; latencies in milliseconds."""

    name: str
    requests: int
    refused: int
    """Answered with a reason for the refusal, such as 'Only 3 left'."""
    failed: int
    """An error, or no response."""
    p50: float
    p95: float
    p99: float
    most: float


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout, sent once or twice at the same time."""

    email: str
    lines: dict[str, int]
    """The cart: sku -> quantity."""
    answer: Literal["placed", "refused", "unknown"]
    number: str = ""
    """The number of the order, if it was placed."""
    receipt: str = ""
    """The path of its page."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Everything that the shoppers saw, at the end of the run."""

    seconds: float
    kinds: tuple[Kind, ...]
    total: Kind
    attempts: tuple[Attempt, ...]
    verdict: Verdict
    """The verdict over all carts."""
    changes: int
    """Acknowledged changes of carts."""
    reads: int
    """Carts that were read and checked."""
    receipts: int
    """Receipts that were requested."""
    without_receipt: tuple[str, ...]
    """Missing receipts, as sentences."""
    failures: dict[str, int]
    """Message -> count."""
    refusals: dict[str, int]
    sold_out: int
    """How often a product to add was sold out."""


class Tally:
    """The counters of a run, shared by all shoppers of the process."""

    def __init__(self) -> None:
        self.verdict = Verdict()
        self.attempts: dict[str, Attempt] = {}
        """By e-mail address."""
        self.carts: dict[int, int] = {}
        """Shopper -> units in the cart."""
        self.changes = self.reads = self.receipts = self.sold_out = 0
        self.without_receipt: list[str] = []
        self.failures: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self._total = RequestCounters("all")
        self._kinds: dict[str, RequestCounters] = {}
        self._second = RequestCounters("second")

    def request(self, kind: str, milliseconds: float, failure: str) -> None:
        """Count a finished request; `failure` is the reason why it failed, '' if it did not."""
        if failure and (failure in self.failures or len(self.failures) < MAX_REASONS):
            self.failures[failure] += 1
        for sums in (self._total, self._second, self._kinds.setdefault(kind, RequestCounters(kind))):
            sums.latencies.add(milliseconds)
            sums.failed += bool(failure)

    def refused(self, kind: str, message: str) -> None:
        """Mark the request counted last as refused with this message."""
        if message in self.refusals or len(self.refusals) < MAX_REASONS:
            self.refusals[message] += 1
        for sums in (self._total, self._second, self._kinds.setdefault(kind, RequestCounters(kind))):
            sums.refused += 1

    def second(self, at: float, users: int) -> Second:
        """The figures since the previous call."""
        sums, self._second = self._second.sums(), RequestCounters("second")
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
        """The figures of the whole run."""
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


class RequestCounters:
    """The counters of one kind of request, or of one second."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.latencies = Latencies()
        self.refused = 0
        self.failed = 0

    def sums(self) -> Kind:
        """The counters as a message."""
        return Kind(
            name=self.name,
            requests=self.latencies.count,
            refused=self.refused,
            failed=self.failed,
            p50=self.latencies.quantile(0.50),
            p95=self.latencies.quantile(0.95),
            p99=self.latencies.quantile(0.99),
            most=self.latencies.max,
        )

"""The report of a load test."""

from __future__ import annotations

import msgspec

from shop.loadtest.checks import Check
from shop.loadtest.plan import Plan
from shop.loadtest.tally import Kind, Second, Seen

VISIT = (
    "index", "setCurrency", "browseProduct", "addToCart", "viewCart", "emptyCart",
    "checkout", "checkout, 2nd click", "receipt",
)  # fmt: skip
"""The kinds of requests, in the order of a visit."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a load test, with a summary for the terminal and the HTML page."""

    plan: Plan
    began_at: int
    """Seconds since the epoch."""
    seconds: tuple[Second, ...]
    seen: Seen
    checks: tuple[Check, ...]

    @property
    def well(self) -> bool:
        """Whether there were requests, none failed, and no promise was broken."""
        return bool(self.seen.total.requests) and not self.seen.total.failed and not self.broken

    @property
    def broken(self) -> int:
        """The number of broken promises."""
        return sum(check.kept is False for check in self.checks)

    @property
    def orders(self) -> int:
        """The number of accepted orders."""
        return sum(attempt.answer == "placed" for attempt in self.seen.attempts)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of requests, followed by the total."""
        return (*sorted(self.seen.kinds, key=lambda kind: VISIT.index(kind.name)), self.seen.total)

    @property
    def headline(self) -> str:
        """The result in a sentence or two."""
        if not self.well:
            failed = f"{self.seen.total.failed:,} of {self.seen.total.requests:,} requests failed"
            return f"{failed}, {self.broken} of {len(self.checks)} promises were broken."
        kept = sum(check.kept is True for check in self.checks)
        not_checked = f" {len(self.checks) - kept} could not be checked." if kept < len(self.checks) else ""
        return f"No request failed, and {kept} of {len(self.checks)} promises were kept.{not_checked}"

    @property
    def said(self) -> list[str]:
        """Failures and refusals, as lines of text with their counts."""
        said = [f"{count:,} × {words}" for words, count in self.seen.failures.items()]
        said += [f"{count:,} × refused, {words}" for words, count in self.seen.refusals.items()]
        if self.seen.sold_out:
            said.append(f"{self.seen.sold_out:,} × product sold out")
        return said

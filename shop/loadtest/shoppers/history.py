"""The expected states of one session's cart, and the check of what was read against them.

Only one client changes the cart, so it knows what the cart must contain. The history is the list of its states, one
after each change sent. A read may show any state from the latest acknowledged (or seen) before the read began to the
latest sent when it ended: nothing acknowledged disappears, and nothing appears that was never sent. That is
linearizability of one register with one writer and any number of readers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

import msgspec

Lines = Mapping[str, int]
"""Sku -> quantity, without items saved for later."""

_LINE = re.compile(rb'id="/cart/lines/([^"/]+)" type="number" name="quantity" value="(\d+)"')


def lines_on(page: bytes) -> Lines:
    """The cart lines on a page or fragment."""
    return {unquote(unquote(unescape(sku.decode()))): int(quantity) for sku, quantity in _LINE.findall(page)}


class Verdict(msgspec.Struct):
    """The violations found, as numbers and sentences; empty if the promise was kept."""

    lost: int = 0
    """Units that were acknowledged but are not in the store at the end."""
    doubled: int = 0
    """Units in the store at the end that nobody added."""
    amiss: list[str] = []
    """The carts whose final state is wrong."""
    vanished: list[str] = []
    """The responses that lacked an acknowledged change, or showed something never sent."""

    @property
    def words(self) -> list[str]:
        """All violations, as sentences."""
        return [*self.amiss, *self.vanished]

    def add(self, other: Verdict) -> None:
        """Merge another verdict into this one."""
        self.lost += other.lost
        self.doubled += other.doubled
        self.amiss += other.amiss
        self.vanished += other.vanished


class History:
    """The states of one cart, in the order of its changes."""

    def __init__(self) -> None:
        self.verdict = Verdict()
        """The violations in responses so far."""
        self.acknowledged = 0
        """The number of acknowledged changes."""
        self._states: list[Lines] = [{}]
        self._known = 0
        """The index of the state that every later response must show, or a newer one."""

    @property
    def lines(self) -> Lines:
        """The cart after the latest change sent."""
        return self._states[-1]

    def sends(self, lines: Lines) -> None:
        """Record that a change is about to be sent, after which the cart is `lines`."""
        self._states.append(lines)

    def is_answered(self) -> None:
        """Record that the latest change was acknowledged."""
        self.acknowledged += 1
        self._known = len(self._states) - 1

    def is_refused(self) -> None:
        """Record that the latest change was refused, and not made."""
        self._states.pop()

    def begins_to_read(self) -> int:
        """Begin a read; pass the result to `shows` when the response arrives."""
        return self._known

    def shows(self, lines: Lines, since: int, what: str) -> None:
        """Check a response that shows these lines, for a read that began at `since`."""
        for at in range(since, len(self._states)):
            if self._states[at] == lines:
                self._known = max(self._known, at)
                return
        self._report(what, lines, since)

    def counts(self, pieces: int, since: int, what: str) -> None:
        """Check a response that shows the total quantity, for a read that began at `since`."""
        if pieces not in {sum(state.values()) for state in self._states[since:]}:
            self._report(what, {"pieces": pieces}, since)

    def ends(self, stored: Lines, where: str) -> Verdict:
        """Compare with the cart in the store at the end; the latest change may have had no response."""
        if dict(stored) in [dict(state) for state in self._states[self._known :]]:
            return Verdict()
        expected, found = Counter(self._states[self._known]), Counter(dict(stored))
        problem = f"{where}: {dict(found)} instead of {dict(expected)}"
        return Verdict((expected - found).total(), (found - expected).total(), [problem])

    def _report(self, what: str, lines: Lines, since: int) -> None:
        expected = [dict(state) for state in self._states[since:]]
        self.verdict.vanished.append(f"{what} showed {dict(lines)}, which is none of {expected}")

"""The expected states of one session's cart, and the check of what was read against them.

Only one client changes the cart, so it knows what the cart must contain. The history is the list of its states, one
after each change sent. A read may show any state from the latest acknowledged (or seen) before the read began to the
latest sent when it ended: nothing acknowledged disappears, nothing that was taken out comes back, and nothing appears
that was never sent. That is linearizability of one register with one writer and any number of readers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

import msgspec

Lines = Mapping[str, int]
"""Sku -> quantity. An item saved for later has the key `saved(sku)`."""

_LINE = re.compile(rb'id="/cart/lines/([^"/]+)" type="number" name="quantity" value="(\d+)"')
_SAVED_LINE = re.compile(
    rb'<p class="line__quantity">(\d+)[^<]*</p>\s*<div class="line__acts">\s*<form[^>]*><button[^>]*'
    rb' id="/cart/saved/([^"/]+)/move"'
)
_SAVED = "saved for later: "


def saved(sku: str) -> str:
    """The key of a sku's line that is saved for later."""
    return _SAVED + sku


def lines_on(page: bytes) -> Lines:
    """The cart lines on a page or fragment, those saved for later among them."""
    lines = {_sku(name): int(quantity) for name, quantity in _LINE.findall(page)}
    return lines | {saved(_sku(name)): int(quantity) for quantity, name in _SAVED_LINE.findall(page)}


def _sku(name: bytes) -> str:
    return unquote(unquote(unescape(name.decode())))


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
    resurrected: list[str] = []
    """The lines that had been taken out, and that a response or the store at the end has again."""

    @property
    def words(self) -> list[str]:
        """All violations, as sentences."""
        return [*self.amiss, *self.vanished, *self.resurrected]

    def add(self, other: Verdict) -> None:
        """Merge another verdict into this one."""
        self.lost += other.lost
        self.doubled += other.doubled
        self.amiss += other.amiss
        self.vanished += other.vanished
        self.resurrected += other.resurrected


class History:
    """The states of one cart, in the order of its changes."""

    def __init__(self) -> None:
        self.verdict = Verdict()
        """The violations in responses so far."""
        self.acknowledged = 0
        """The number of acknowledged changes."""
        self._states: list[Lines] = [{}]
        self._taken_out: dict[str, int] = {}
        """Sku -> quantity of the line when it was last taken out as a whole."""
        self._known = 0
        """The index of the state that every later response must show, or a newer one."""

    @property
    def lines(self) -> Lines:
        """The cart after the latest change sent."""
        return self._states[-1]

    def sends(self, lines: Lines) -> None:
        """Record that a change is about to be sent, after which the cart is `lines`."""
        self._taken_out |= {sku: quantity for sku, quantity in self.lines.items() if sku not in lines}
        self._states.append(lines)

    def is_answered(self) -> None:
        """Record that the latest change was acknowledged."""
        self.acknowledged += 1
        self._known = len(self._states) - 1

    def is_refused(self) -> None:
        """Record that the latest change was refused, and not made."""
        self._states.pop()
        self._known = min(self._known, len(self._states) - 1)

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
        if pieces not in {_pieces(state) for state in self._states[since:]}:
            self._report(what, {"pieces": pieces}, since)

    def ends(self, stored: Lines, where: str) -> Verdict:
        """Compare with the cart in the store at the end; the latest change may have had no response."""
        if dict(stored) in [dict(state) for state in self._states[self._known :]]:
            return Verdict()
        expected, found = Counter(self._states[self._known]), Counter(dict(stored))
        back = self._come_back(stored, self._known)
        doubled = sum(quantity for sku, quantity in (found - expected).items() if sku not in back)
        problem = f"{where}: {dict(found)} instead of {dict(expected)}"
        resurrected = [f"{where}: {sku} is back" for sku in back]
        return Verdict((expected - found).total(), doubled, [problem], resurrected=resurrected)

    def _report(self, what: str, lines: Lines, since: int) -> None:
        expected = [dict(state) for state in self._states[since:]]
        words = f"{what} showed {dict(lines)}, which is none of {expected}"
        back = self._come_back(lines, since)
        if back:
            self.verdict.resurrected += [f"{words}: {sku} is back" for sku in back]
        else:
            self.verdict.vanished.append(words)

    def _come_back(self, lines: Lines, since: int) -> list[str]:
        """The skus of lines taken out before the state `since` that are there, alone or on top of a new one."""
        now = self._states[since]
        return [
            sku
            for sku, quantity in lines.items()
            if sku in self._taken_out
            and not any(state.get(sku, 0) >= quantity for state in self._states[since:])
            and (sku not in now or quantity - now[sku] == self._taken_out[sku])
        ]


def _pieces(lines: Lines) -> int:
    """What the badge of a cart counts: nothing that is saved for later."""
    return sum(quantity for key, quantity in lines.items() if not key.startswith(_SAVED))

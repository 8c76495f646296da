"""What one session's cart must be, known to the only one who changes it, and what of it went missing.

The history of a cart is the list of its states, one after each change that was sent. A read may show any state
from the latest that was acknowledged (or seen) before it began to the latest that had been sent when it ended:
nothing acknowledged disappears, and nothing appears that was never sent. That is linearizability of one register
with one writer, and any number of readers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

import msgspec

Lines = Mapping[str, int]
"""sku -> pieces; a cart without what is saved for later."""

_LINE = re.compile(rb'id="/cart/lines/([^"/]+)" type="number" name="quantity" value="(\d+)"')


def lines_on(page: bytes) -> Lines:
    """The cart that a page or a fragment shows."""
    return {unquote(unquote(unescape(sku.decode()))): int(quantity) for sku, quantity in _LINE.findall(page)}


class Verdict(msgspec.Struct):
    """What was found wrong, in numbers and in words. Nothing at all is the promise."""

    lost: int = 0
    """Pieces that were acknowledged and are not in the store at the end."""
    doubled: int = 0
    """Pieces in the store at the end that nobody put there."""
    amiss: list[str] = []
    """The carts that end otherwise than they must."""
    vanished: list[str] = []
    """The answers that did not show an acknowledged change, or showed what was never sent."""

    @property
    def words(self) -> list[str]:
        """All of it."""
        return [*self.amiss, *self.vanished]

    def add(self, other: Verdict) -> None:
        """Take in what was found elsewhere."""
        self.lost += other.lost
        self.doubled += other.doubled
        self.amiss += other.amiss
        self.vanished += other.vanished


class History:
    """The states of one cart, in the order of its changes."""

    def __init__(self) -> None:
        self.verdict = Verdict()
        """What answers have shown so far."""
        self.acknowledged = 0
        """Changes that were answered."""
        self._states: list[Lines] = [{}]
        self._known = 0
        """Every answer from now on shows this state or a later one."""

    @property
    def lines(self) -> Lines:
        """The cart after the latest change that was sent."""
        return self._states[-1]

    def sends(self, lines: Lines) -> None:
        """A change is about to be sent that makes the cart this."""
        self._states.append(lines)

    def is_answered(self) -> None:
        """The latest change was acknowledged."""
        self.acknowledged += 1
        self._known = len(self._states) - 1

    def is_refused(self) -> None:
        """The latest change was not made, and the answer said so."""
        self._states.pop()

    def begins_to_read(self) -> int:
        """What to hand to `shows` when the read is answered."""
        return self._known

    def shows(self, lines: Lines, since: int, what: str) -> None:
        """An answer showed these lines, to a read that began at `since`."""
        for at in range(since, len(self._states)):
            if self._states[at] == lines:
                self._known = max(self._known, at)
                return
        self._missing(what, lines, since)

    def counts(self, pieces: int, since: int, what: str) -> None:
        """An answer showed how many pieces there are."""
        if pieces not in {sum(state.values()) for state in self._states[since:]}:
            self._missing(what, {"pieces": pieces}, since)

    def ends(self, stored: Lines, where: str) -> Verdict:
        """Compare with the cart as it is when all is over: the latest change may have stayed without an answer."""
        if dict(stored) in [dict(state) for state in self._states[self._known :]]:
            return Verdict()
        wanted, found = Counter(self._states[self._known]), Counter(dict(stored))
        words = f"{where}: {dict(found)} instead of {dict(wanted)}"
        return Verdict((wanted - found).total(), (found - wanted).total(), [words])

    def _missing(self, what: str, lines: Lines, since: int) -> None:
        wanted = [dict(state) for state in self._states[since:]]
        self.verdict.vanished.append(f"{what} showed {dict(lines)}, which is none of {wanted}")

"""The table of carts as SqlCartService sees it, whichever database has it; schema.py says what the columns are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from shop.money import Money


class Row(NamedTuple):
    """A row as it is written, in the order of the columns."""

    id: str
    changed_at: int
    expires_at: int
    amount: int
    pieces: int
    currency: str
    state: bytes


class Kept(NamedTuple):
    """What is read of a row; it may have expired."""

    state: bytes
    expires_at: int


class Sleeping(msgspec.Struct, frozen=True):
    """A cart that nobody has touched for a while: what it is worth, and nothing about whose it is."""

    id: str
    pieces: int
    value: Money | None
    """Of the active lines, at the prices they were added at; None where no line is active."""
    changed_at: int


Fold = Callable[[Mapping[str, Kept]], Sequence[Row]]
"""From rows as they are to rows as they shall be. It may be called again with what somebody else wrote meanwhile."""


class CartTable(ABC):
    """One table. Every method raises StoreUnavailable within seconds where the database cannot take the call."""

    @abstractmethod
    async def read(self, ids: Sequence[str]) -> Mapping[str, Kept]:
        """The rows with these ids, those that there are."""

    @abstractmethod
    async def change(self, ids: Sequence[str], fold: Fold) -> frozenset[str]:
        """Write what `fold` makes of the rows with these ids, each if nobody else has written it meanwhile.

        Returns the ids of rows that were not written, because somebody else did or holds them: to be tried again.
        """

    @abstractmethod
    async def delete(self, ids: Sequence[str]) -> None:
        """Delete the rows with these ids."""

    @abstractmethod
    async def page(self, after: str, now: int, size: int) -> Sequence[tuple[str, bytes]]:
        """Id and state of the first rows after an id, by id, that have not expired."""

    @abstractmethod
    async def ping(self) -> None:
        """Write something and leave no trace of it."""

    @abstractmethod
    async def purge(self, now: int, limit: int) -> int:
        """Delete expired rows, at most so many, and return how many."""

    @abstractmethod
    async def sleeping(self, before: int, now: int, limit: int, *, by_value: bool) -> Sequence[Sleeping]:
        """Rows with something in them, last changed at `before` or earlier: the oldest, or the most valuable."""

    @abstractmethod
    async def count(self, now: int) -> int:
        """How many rows have not expired; of a very large table an estimate that counts those not yet purged too."""

    @property
    def epoch(self) -> int:
        """How often the database turned out to be another process than before."""
        return 0

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections."""

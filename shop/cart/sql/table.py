"""The interface between SqlCartService and the table of carts in any database; schema.py defines the columns."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from shop.money import Money

UNREADABLE_PREFIX = "unreadable:"
"""A row that cannot be read is renamed: this precedes its id. It is then no cart."""


class Row(NamedTuple):
    """A row to write; its fields are in the order of the columns."""

    id: str
    changed_at: int
    expires_at: int
    amount: int
    pieces: int
    currency: str
    state: bytes


class StoredRow(NamedTuple):
    """The columns that are read from a row, which may have expired."""

    state: bytes
    expires_at: int


class IdleCart(msgspec.Struct, frozen=True):
    """A cart that has not changed for a while: its quantity and value, and nothing about its owner."""

    id: str
    quantity: int
    """The total quantity of the active lines."""
    value: Money | None
    """The value of the active lines, at the prices at which they were added; None if there are none."""
    changed_at: int


Fold = Callable[[Mapping[str, StoredRow]], Sequence[Row]]
"""Computes the new rows from the stored ones. May be called again with what another process has written since."""


class CartTable(ABC):
    """The table of carts. Every method raises StoreUnavailable within seconds if the database is unavailable."""

    @abstractmethod
    async def read(self, ids: Sequence[str]) -> Mapping[str, StoredRow]:
        """The existing rows with these ids."""

    @abstractmethod
    async def change(self, ids: Sequence[str], fold: Fold) -> frozenset[str]:
        """Read the rows with these ids and write what `fold` returns, each row only if it has not changed since.

        Returns the ids of rows that were not written because another process wrote or locked them: retry these.
        """

    @abstractmethod
    async def delete(self, ids: Sequence[str]) -> None:
        """Delete the rows with these ids."""

    @abstractmethod
    async def put_aside(self, row_id: str, state: bytes, expires_at: int) -> bool:
        """Rename a row whose state is still this one, with UNREADABLE_PREFIX. Returns whether it was."""

    @abstractmethod
    async def count_put_aside(self) -> int:
        """The number of rows that were put aside and have not been purged."""

    @abstractmethod
    async def page(self, after: str, now: int, size: int) -> Sequence[tuple[str, bytes]]:
        """The id and state of the next `size` rows after an id, in order of id, without expired ones."""

    @abstractmethod
    async def ping(self) -> None:
        """Check that the table accepts a write, and leave no trace of it."""

    @abstractmethod
    async def purge(self, now: int, limit: int) -> int:
        """Delete at most `limit` expired rows and return their number."""

    @abstractmethod
    async def idle(self, before: int, now: int, limit: int, *, by_value: bool) -> Sequence[IdleCart]:
        """Carts with active lines, last changed at `before` or earlier: the oldest, or the most valuable."""

    @abstractmethod
    async def count(self, now: int) -> int:
        """The number of rows that have not expired; for a very large table an estimate that includes expired rows."""

    @abstractmethod
    async def newest(self) -> tuple[int, int]:
        """When the newest carts changed and when they expire, in seconds since the epoch; zeros if there are none.

        Looks at the 100 rows that expire last.
        """

    def now(self) -> float:
        """The table's time in seconds since the epoch, as far as it is known; by default this host's time."""
        return time.time()

    async def ask_time(self) -> int:
        """The table's time in whole seconds. Connects if it is not known yet."""
        return int(self.now())

    @property
    def epoch(self) -> int:
        """How many times the database turned out to be another process than before."""
        return 0

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

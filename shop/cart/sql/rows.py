"""Values in a table's rows, read and changed in batches; a change never overwrites what another process wrote."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar
from zlib import crc32

import msgspec

from shop.cart.sql.batches import Batches, Outcome
from shop.cart.sql.table import CartTable, Row, StoredRow
from shop.errors import StoreBusy

READERS = 2
"""Concurrent batches of reads."""
WRITERS = 2
"""Concurrent batches of changes; all changes of a row are in the same one."""
CONFLICT_RETRY_SECONDS = 1.0
"""How long a change is retried while other processes write or lock the same row."""

Value = TypeVar("Value")


class _Update(msgspec.Struct, Generic[Value], frozen=True):
    """A change to a row, as a queued call. `deadline` (monotonic clock) is when retries end."""

    id: str
    fold: Callable[[Value], Value]
    deadline: float


class Rows(Generic[Value]):
    """The rows of `table`, each as a value: `decode` makes it from a row or from none, `encode` makes the row.

    A change reads the row, computes the new value in this process, and writes the row if no other process has written
    it since; otherwise it is retried. Concurrent calls share statements (batches.py), and the changes of a row in a
    batch become one write.
    """

    def __init__(
        self,
        table: CartTable,
        decode: Callable[[str, StoredRow | None], Value],
        encode: Callable[[str, Value], Row],
    ) -> None:
        self.conflicts = 0
        """How many times the changes of a row were retried because another process wrote or locked it."""
        self._table = table
        self._decode = decode
        self._encode = encode
        self._reads: Batches[str, StoredRow | None] = Batches(self._read, concurrency=READERS)
        self._updates: list[Batches[_Update[Value], Value]] = [Batches(self._update) for _ in range(WRITERS)]

    async def read(self, row_id: str) -> Value:
        """The value of a row. Raises StoreUnavailable, and what `decode` raises."""
        return self._decode(row_id, await self._reads.call(row_id))

    async def transform(self, row_id: str, fold: Callable[[Value], Value]) -> Value:
        """Replace a value by `fold(value)` atomically, and return it; nothing is written if it is the same object.

        Raises StoreUnavailable, and what `fold` raises.
        """
        batches = self._updates[crc32(row_id.encode()) % WRITERS]
        return await batches.call(_Update(row_id, fold, time.monotonic() + CONFLICT_RETRY_SECONDS))

    async def close(self) -> None:
        """Wait for the running batches, and close the table."""
        await asyncio.gather(self._reads.close(), *(updates.close() for updates in self._updates))
        await self._table.close()

    async def _read(self, ids: list[str]) -> Sequence[StoredRow | None]:
        rows = await self._table.read(ids)
        return [rows.get(row_id) for row_id in ids]

    async def _update(self, updates: list[_Update[Value]]) -> Sequence[Value | Exception | Outcome]:
        """Apply a batch: the updates of each row one after the other, and all rows in one write."""
        of_row: dict[str, list[int]] = defaultdict(list)
        for index, update in enumerate(updates):
            of_row[update.id].append(index)
        answers: list[Value | Exception | Outcome] = [Outcome.RETRY] * len(updates)

        def fold(stored: Mapping[str, StoredRow]) -> list[Row]:
            changed = []
            for row_id, indexes in of_row.items():
                row, outcomes = self._fold(row_id, stored.get(row_id), [updates[index] for index in indexes])
                changed += [row] if row else []
                for index, answer in zip(indexes, outcomes, strict=True):
                    answers[index] = answer
            return changed

        for row_id in await self._table.change(list(of_row), fold):
            self.conflicts += 1
            for index in of_row[row_id]:
                answers[index] = _conflict_outcome(updates[index].deadline)
        return answers

    def _fold(
        self, row_id: str, stored: StoredRow | None, updates: Sequence[_Update[Value]]
    ) -> tuple[Row | None, list[Value | Exception | Outcome]]:
        """The row after all its updates, None if it is unchanged; and the answer to each update."""
        answers: list[Value | Exception | Outcome] = []
        try:
            before = value = self._decode(row_id, stored)
            for update in updates:
                try:
                    value = update.fold(value)
                except Exception as error:
                    answers.append(error)
                else:
                    answers.append(value)
            return None if value is before else self._encode(row_id, value), answers
        except Exception as error:
            return None, [error] * len(updates)


def _conflict_outcome(deadline: float) -> Outcome | StoreBusy:
    if time.monotonic() < deadline:
        return Outcome.RETRY
    return StoreBusy("Other processes keep changing this cart. Try again in a moment.")

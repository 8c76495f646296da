"""Carts in SQL, on SQLite or PostgreSQL: as a store, or as the archive behind a faster one."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import msgspec
from typing_extensions import override

from shop.cart import codec
from shop.cart.memory import DEFAULT_TTL
from shop.cart.model import Cart, Change, Limits, apply, check, join, replay
from shop.cart.service import CartService, now
from shop.cart.sql.batches import BATCH_SIZE, Batches, Outcome
from shop.cart.sql.postgres import PostgresCarts
from shop.cart.sql.sqlite import SqliteCarts
from shop.cart.sql.table import CartTable, IdleCart, Row, StoredRow
from shop.errors import ConfigurationError, StoreBusy

TIMEOUT_SECONDS = 2.0
"""How long the database may take to answer."""
READERS = 2
"""Concurrent batches of reads."""
WRITERS = 2
"""Concurrent batches of changes; all changes of a cart are in the same one."""
CONFLICT_RETRY_SECONDS = 1.0
"""How long a change is retried while other processes write or lock the same cart."""
PAGE_SIZE = 500
"""Rows that a scan reads at a time."""

_Answer = Cart | Exception | Outcome
_Item = TypeVar("_Item")


class _Update(msgspec.Struct, frozen=True):
    """A change to a cart, as a queued call. `deadline` (monotonic clock) is when retries end."""

    cart_id: str
    transform: Callable[[Cart], Cart]
    aged: bool
    deadline: float


class SqlCartService(CartService):
    """Carts as rows, each with the bytes of codec.py.

    A change reads the row, calls `model.apply` in this process, and writes the row if no other process has written it
    since; otherwise it is retried. Concurrent calls share statements (batches.py), and the changes of a cart in a batch
    become one write. If a connection is dropped, the change is repeated: the cart recognizes a change that was already
    applied by its id.
    """

    def __init__(self, table: CartTable, *, limits: Limits = Limits(), ttl: int = DEFAULT_TTL) -> None:
        self.limits = limits
        self.ttl = ttl
        self.conflicts = 0
        """How many times the changes of a cart were retried because another process wrote or locked it."""
        self._table = table
        self._reads: Batches[str, StoredRow | None] = Batches(self._read, concurrency=READERS)
        self._updates: list[Batches[_Update, Cart]] = [Batches(self._update) for _ in range(WRITERS)]

    @classmethod
    def connect(
        cls, url: str, *, limits: Limits = Limits(), ttl: int = DEFAULT_TTL, timeout: float = TIMEOUT_SECONDS
    ) -> SqlCartService:
        """A service for a sqlite:/// or postgresql:// URL in the form of DATABASE_URL. Connects when first used.

        `timeout` is how many seconds the database may take to answer. Raises ConfigurationError.
        """
        return cls(open_table(url, timeout), limits=limits, ttl=ttl)

    @override
    async def get(self, cart_id: str) -> Cart:
        return _cart(cart_id, await self._reads.call(cart_id), now())

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        check(change)
        return await self._change(cart_id, lambda cart: apply(cart, change, self.limits))

    @override
    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        return await self._change(cart_id, lambda cart: replay(cart, changes, self.limits))

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        return await self._change(cart.id, lambda stored: join(stored, cart, self.limits), aged=aged)

    @override
    async def get_many(self, cart_ids: Sequence[str]) -> list[Cart]:
        get = super().get_many
        return [cart for some in _chunks(cart_ids) for cart in await get(some)]

    @override
    async def put_many(self, carts: Sequence[Cart], *, aged: bool = False) -> list[Cart]:
        put = partial(super().put_many, aged=aged)
        return [cart for some in _chunks(carts) for cart in await put(some)]

    @override
    async def delete(self, cart_id: str) -> None:
        await self._table.delete([cart_id])

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        after = ""
        while page := await self._table.page(after, now(), PAGE_SIZE):
            for cart_id, state in page:
                yield codec.decode(cart_id, state)
            after = page[-1][0]

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self._table.ping()

    @override
    async def count(self) -> int:
        """The number of carts that have not expired; an estimate if PostgreSQL has more than a million."""
        return await self._table.count(now())

    @override
    async def time_left(self, cart_id: str) -> int:
        stored = await self._reads.call(cart_id)
        return max(stored.expires_at - now(), 0) if stored else 0

    @property
    @override
    def epoch(self) -> int:
        return self._table.epoch

    @override
    async def purge(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired carts and return their number; if it is below the limit, none are left."""
        return await self._table.purge(now(), limit)

    async def idle(self, before: int, *, by_value: bool = False, limit: int = 100) -> Sequence[IdleCart]:
        """Carts with active lines, last changed at `before` (seconds since the epoch) or earlier.

        Sorted by age, oldest first, or by value, highest first, which reads the whole table.
        """
        return await self._table.idle(before, now(), limit, by_value=by_value)

    @override
    async def close(self) -> None:
        await asyncio.gather(self._reads.close(), *(updates.close() for updates in self._updates))
        await self._table.close()

    async def _change(self, cart_id: str, transform: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        batches = self._updates[crc32(cart_id.encode()) % WRITERS]
        return await batches.call(_Update(cart_id, transform, aged, time.monotonic() + CONFLICT_RETRY_SECONDS))

    async def _read(self, ids: list[str]) -> Sequence[StoredRow | None]:
        rows = await self._table.read(ids)
        return [rows.get(cart_id) for cart_id in ids]

    async def _update(self, updates: list[_Update]) -> Sequence[_Answer]:
        """Apply a batch: the updates of each cart one after the other, and all carts in one write."""
        carts: dict[str, list[int]] = defaultdict(list)
        for index, update in enumerate(updates):
            carts[update.cart_id].append(index)
        answers: list[_Answer] = [Outcome.RETRY] * len(updates)

        def fold(rows: Mapping[str, StoredRow]) -> list[Row]:
            changed_rows = []
            for cart_id, indexes in carts.items():
                row, outcomes = self._fold(cart_id, rows.get(cart_id), [updates[index] for index in indexes])
                changed_rows += [row] if row else []
                for index, answer in zip(indexes, outcomes, strict=True):
                    answers[index] = answer
            return changed_rows

        for cart_id in await self._table.change(list(carts), fold):
            self.conflicts += 1
            for index in carts[cart_id]:
                answers[index] = _conflict_outcome(updates[index])
        return answers

    def _fold(
        self, cart_id: str, stored: StoredRow | None, updates: Sequence[_Update]
    ) -> tuple[Row | None, list[_Answer]]:
        """The row after all updates of one cart, None if it is unchanged; and the answer to each update."""
        time = now()
        answers: list[_Answer] = []
        try:
            before = cart = _cart(cart_id, stored, time)
            expires_at = stored.expires_at if stored else 0
            for update in updates:
                try:
                    after = update.transform(cart)
                except Exception as error:
                    answers.append(error)
                    continue
                if after is not cart:
                    ends = time + (self.remaining(after) if update.aged else self.ttl)
                    expires_at = max(ends, expires_at) if update.aged else ends
                answers.append(cart := after)
            return None if cart is before else _row(cart, expires_at), answers
        except Exception as error:
            return None, [error] * len(updates)


def open_table(url: str, timeout: float) -> CartTable:
    """The table of carts in the database of a URL. Contacts nothing yet. Raises ConfigurationError."""
    scheme, _, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return PostgresCarts(url, timeout=timeout)
    file = rest.partition("?")[0].removeprefix("/")
    if kind != "sqlite" or file in ("", ":memory:"):
        raise ConfigurationError(
            "A database for carts must be like sqlite:///var/shop.db or postgresql://user:password@host/database."
        )
    return SqliteCarts(Path(file), timeout=timeout)


def _conflict_outcome(update: _Update) -> Outcome | StoreBusy:
    if time.monotonic() < update.deadline:
        return Outcome.RETRY
    return StoreBusy("Other processes keep changing this cart. Try again in a moment.")


def _cart(cart_id: str, stored: StoredRow | None, time: int) -> Cart:
    return codec.decode(cart_id, stored.state) if stored and stored.expires_at > time else Cart(cart_id)


def _row(cart: Cart, expires_at: int) -> Row:
    """A cart as a row. `amount` sums the active lines in the currency of the first one, usually the only currency."""
    active = cart.active
    currency = active[0].price.currency if active else ""
    amount = sum(line.quantity * line.price.amount for line in active if line.price.currency == currency)
    pieces = sum(line.quantity for line in active)
    return Row(cart.id, cart.changed_at, expires_at, amount, pieces, currency, codec.encode(cart))


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + BATCH_SIZE] for start in range(0, len(items), BATCH_SIZE))

"""Carts in SQL: a store of its own on SQLite or PostgreSQL, and the archive of sleeping carts."""

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
from shop.cart.sql.batches import TOGETHER, Batches, Outcome
from shop.cart.sql.postgres import PostgresCarts
from shop.cart.sql.sqlite import SqliteCarts
from shop.cart.sql.table import CartTable, Kept, Row, Sleeping
from shop.errors import ConfigurationError, StoreBusy

ANSWER_SECONDS = 2.0
READERS = 2
"""Batches of reads at a time."""
WRITERS = 2
"""Batches of changes at a time; all changes of one cart are in the same one."""
RIVALRY_SECONDS = 1.0
"""How long a change tries to get through where others write or hold the same cart."""
PAGE = 500

_Answer = Cart | Exception | Outcome
_Item = TypeVar("_Item")


class _Update(msgspec.Struct, frozen=True):
    """What a caller wants to do to a cart."""

    cart_id: str
    make: Callable[[Cart], Cart]
    aged: bool
    until: float


class SqlCartService(CartService):
    """Carts as rows, each with the bytes of codec.py.

    A change is one read of the row, `model.apply` here, and one write on the condition that nobody else has written
    meanwhile; else it begins again. Concurrent calls share statements (batches.py), and changes of one cart are
    folded into one write. A change whose connection dropped is made once more: the cart knows its id if it was
    there already.
    """

    def __init__(self, table: CartTable, *, limits: Limits = Limits(), ttl: int = DEFAULT_TTL) -> None:
        self.limits = limits
        self.ttl = ttl
        self.rivalries = 0
        """How often a cart was not written because somebody else wrote or held it, and its changes began again."""
        self._table = table
        self._reads: Batches[str, Kept | None] = Batches(self._read, lanes=READERS)
        self._updates: list[Batches[_Update, Cart]] = [Batches(self._update) for _ in range(WRITERS)]

    @classmethod
    def connect(
        cls, url: str, *, limits: Limits = Limits(), ttl: int = DEFAULT_TTL, seconds: float = ANSWER_SECONDS
    ) -> SqlCartService:
        """A service for a sqlite:/// or postgresql:// URL, as DATABASE_URL has them. It connects when it is first used.

        `seconds` is how long the database may take to answer. Raises ConfigurationError.
        """
        return cls(open_table(url, seconds), limits=limits, ttl=ttl)

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
        while page := await self._table.page(after, now(), PAGE):
            for cart_id, state in page:
                yield codec.decode(cart_id, state)
            after = page[-1][0]

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self._table.ping()

    @override
    async def count(self) -> int:
        """How many carts live; of more than a million on PostgreSQL, an estimate."""
        return await self._table.count(now())

    @override
    async def time_left(self, cart_id: str) -> int:
        kept = await self._reads.call(cart_id)
        return max(kept.expires_at - now(), 0) if kept else 0

    @property
    @override
    def epoch(self) -> int:
        return self._table.epoch

    @override
    async def purge(self, limit: int = 1000) -> int:
        """Delete carts whose time is over, at most `limit`, and return how many. Fewer than the limit: all are gone."""
        return await self._table.purge(now(), limit)

    async def sleeping(self, before: int, *, by_value: bool = False, limit: int = 100) -> Sequence[Sleeping]:
        """Carts with something in them, last changed at `before` (seconds since the epoch) or earlier.

        The longest asleep first, or the most valuable first, which reads the whole table.
        """
        return await self._table.sleeping(before, now(), limit, by_value=by_value)

    @override
    async def close(self) -> None:
        await asyncio.gather(self._reads.close(), *(updates.close() for updates in self._updates))
        await self._table.close()

    async def _change(self, cart_id: str, make: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        lane = self._updates[crc32(cart_id.encode()) % WRITERS]
        return await lane.call(_Update(cart_id, make, aged, time.monotonic() + RIVALRY_SECONDS))

    async def _read(self, ids: list[str]) -> Sequence[Kept | None]:
        rows = await self._table.read(ids)
        return [rows.get(cart_id) for cart_id in ids]

    async def _update(self, updates: list[_Update]) -> Sequence[_Answer]:
        """Carry out a batch: the updates of each cart one after the other, and all carts in one write."""
        carts: dict[str, list[int]] = defaultdict(list)
        for place, update in enumerate(updates):
            carts[update.cart_id].append(place)
        answers: list[_Answer] = [Outcome.AGAIN] * len(updates)

        def fold(rows: Mapping[str, Kept]) -> list[Row]:
            written = []
            for cart_id, places in carts.items():
                row, folded = self._fold(cart_id, rows.get(cart_id), [updates[place] for place in places])
                written += [row] if row else []
                for place, answer in zip(places, folded, strict=True):
                    answers[place] = answer
            return written

        for cart_id in await self._table.change(list(carts), fold):
            self.rivalries += 1
            for place in carts[cart_id]:
                answers[place] = _late(updates[place])
        return answers

    def _fold(self, cart_id: str, kept: Kept | None, updates: Sequence[_Update]) -> tuple[Row | None, list[_Answer]]:
        """The row that the updates of one cart end in, None where it stays as it is; and an answer to each."""
        time = now()
        answers: list[_Answer] = []
        try:
            before = cart = _cart(cart_id, kept, time)
            expires_at = kept.expires_at if kept else 0
            for update in updates:
                try:
                    after = update.make(cart)
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


def open_table(url: str, seconds: float) -> CartTable:
    """The table of carts in the database that a URL names; contacts nothing yet. Raises ConfigurationError."""
    scheme, _, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return PostgresCarts(url, seconds=seconds)
    file = rest.partition("?")[0].removeprefix("/")
    if kind != "sqlite" or file in ("", ":memory:"):
        raise ConfigurationError("Carts are kept in sqlite:///var/shop.db or postgresql://user:password@host/database.")
    return SqliteCarts(Path(file), seconds=seconds)


def _late(update: _Update) -> Outcome | StoreBusy:
    if time.monotonic() < update.until:
        return Outcome.AGAIN
    return StoreBusy("Somebody else keeps this cart busy. Please try again in a moment.")


def _cart(cart_id: str, kept: Kept | None, time: int) -> Cart:
    return codec.decode(cart_id, kept.state) if kept and kept.expires_at > time else Cart(cart_id)


def _row(cart: Cart, expires_at: int) -> Row:
    """A cart as a row. Its amount is of the lines in the currency of its first active line, as nearly all carts are."""
    active = cart.active
    currency = active[0].price.currency if active else ""
    amount = sum(line.quantity * line.price.amount for line in active if line.price.currency == currency)
    pieces = sum(line.quantity for line in active)
    return Row(cart.id, cart.changed_at, expires_at, amount, pieces, currency, codec.encode(cart))


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + TOGETHER] for start in range(0, len(items), TOGETHER))

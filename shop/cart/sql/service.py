"""Carts in SQL, on SQLite or PostgreSQL: as a store, or as the archive behind a faster one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from typing_extensions import override

from shop.cart import codec
from shop.cart.memory import DEFAULT_TTL
from shop.cart.model import Cart, Change, Limits, apply, check
from shop.cart.service import CartService
from shop.cart.sql.batches import BATCH_SIZE
from shop.cart.sql.postgres import PostgresCarts
from shop.cart.sql.rows import Rows
from shop.cart.sql.sqlite import SqliteCarts
from shop.cart.sql.table import CartTable, IdleCart, Row, StoredRow
from shop.errors import ConfigurationError

TIMEOUT_SECONDS = 2.0
"""How long the database may take to answer."""
PAGE_SIZE = 500
"""Rows that a scan reads at a time."""

_Item = TypeVar("_Item")


class _Held(NamedTuple):
    """A cart in its row. It is the empty cart if the row has expired."""

    cart: Cart
    expires_at: int


class SqlCartService(CartService):
    """Carts as rows, each with the bytes of codec.py. `model.apply` runs in this process (rows.py).

    If a connection is dropped, the change is repeated: the cart recognizes a change that was already applied by its id.
    """

    def __init__(self, table: CartTable, *, limits: Limits = Limits(), ttl: int = DEFAULT_TTL) -> None:
        self.limits = limits
        self.ttl = ttl
        self._table = table
        self._rows = Rows(table, self._decode, _encode)

    @property
    def conflicts(self) -> int:
        """How many times the changes of a cart were retried because another process wrote or locked it."""
        return self._rows.conflicts

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
        return (await self._rows.read(cart_id)).cart

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        check(change)
        return await self.transform(cart_id, lambda cart: apply(cart, change, self.limits))

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        def renew(held: _Held) -> _Held:
            if (cart := fold(held.cart)) is held.cart:
                return held
            ends = self.now() + (self.remaining(cart) if aged else self.ttl)
            return _Held(cart, max(ends, held.expires_at) if aged else ends)

        return (await self._rows.transform(cart_id, renew)).cart

    @override
    async def get_many(self, cart_ids: Sequence[str]) -> list[Cart]:
        get = super().get_many
        return [cart for some in _chunks(cart_ids) for cart in await get(some)]

    @override
    async def put_many(self, carts: Sequence[Cart], *, aged: bool = False) -> list[Cart]:
        put = partial(super().put_many, aged=aged)
        return [cart for some in _chunks(carts) for cart in await put(some)]

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        after = ""
        while page := await self._table.page(after, self.now(), PAGE_SIZE):
            for cart_id, state in page:
                yield codec.decode(cart_id, state)
            after = page[-1][0]

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self._table.ping()

    @override
    async def count(self) -> int:
        """The number of carts that have not expired; an estimate if PostgreSQL has more than a million."""
        return await self._table.count(self.now())

    @override
    async def time_left(self, cart_id: str) -> int:
        return max((await self._rows.read(cart_id)).expires_at - self.now(), 0)

    @property
    @override
    def epoch(self) -> int:
        return self._table.epoch

    @override
    async def purge(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired carts and return their number; if it is below the limit, none are left."""
        return await self._table.purge(self.now(), limit)

    async def idle(self, before: int, *, by_value: bool = False, limit: int = 100) -> Sequence[IdleCart]:
        """Carts with active lines, last changed at `before` (seconds since the epoch) or earlier.

        Sorted by age, oldest first, or by value, highest first, which reads the whole table.
        """
        return await self._table.idle(before, self.now(), limit, by_value=by_value)

    @override
    async def close(self) -> None:
        await self._rows.close()

    def _decode(self, cart_id: str, stored: StoredRow | None) -> _Held:
        if stored is None:
            return _Held(Cart(cart_id), 0)
        alive = stored.expires_at > self.now()
        return _Held(codec.decode(cart_id, stored.state) if alive else Cart(cart_id), stored.expires_at)


def open_table(url: str, timeout: float, table: str = "carts") -> CartTable:
    """A table of carts in the database of a URL. Contacts nothing yet. Raises ConfigurationError."""
    scheme, _, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return PostgresCarts(url, timeout=timeout, table=table)
    file = rest.partition("?")[0].removeprefix("/")
    if kind != "sqlite" or file in ("", ":memory:"):
        raise ConfigurationError(
            "A database for carts must be like sqlite:///var/shop.db or postgresql://user:password@host/database."
        )
    return SqliteCarts(Path(file), timeout=timeout, table=table)


def _encode(_: str, held: _Held) -> Row:
    """A cart as a row. `amount` sums the active lines in the currency of the first one, usually the only currency."""
    cart = held.cart
    active = cart.active
    currency = active[0].price.currency if active else ""
    amount = sum(line.quantity * line.price.amount for line in active if line.price.currency == currency)
    pieces = sum(line.quantity for line in active)
    return Row(cart.id, cart.changed_at, held.expires_at, amount, pieces, currency, codec.encode(cart))


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + BATCH_SIZE] for start in range(0, len(items), BATCH_SIZE))

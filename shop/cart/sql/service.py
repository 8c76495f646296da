"""Carts in SQL, on SQLite or PostgreSQL: as a store, or as the archive behind a faster one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from typing_extensions import override

from shop.cart import codec
from shop.cart.memory import DEFAULT_TTL
from shop.cart.model import Cart, Change, Limits, apply, check
from shop.cart.sql.batches import BATCH_SIZE
from shop.cart.sql.postgres import PostgresCarts
from shop.cart.sql.rows import Rows
from shop.cart.sql.sqlite import SqliteCarts
from shop.cart.sql.table import UNREADABLE_PREFIX, CartTable, IdleCart, Row, StoredRow
from shop.cart.stored import UNREADABLE_SECONDS, StoredCarts
from shop.errors import CartUnreadable, ConfigurationError

TIMEOUT_SECONDS = 2.0
"""How long the database may take to answer."""
PAGE_SIZE = 500
"""Rows that a scan reads at a time."""

DAY = 24 * 3600
DOUBTFUL_TIME = (
    "Expired carts are not deleted from the database: by its clock, {}. Set the clock right; the newest cart then "
    "allows it again."
)

log = logging.getLogger(__name__)

_Item = TypeVar("_Item")


class _Held(NamedTuple):
    """A cart in its row. It is the empty cart if the row has expired."""

    cart: Cart
    expires_at: int


class SqlCartService(StoredCarts):
    """Carts as rows, each with the bytes of codec.py. `model.apply` runs in this process (rows.py).

    If a connection is dropped, the change is repeated: the cart recognizes a change that was already applied by its id.
    """

    def __init__(self, table: CartTable, *, limits: Limits = Limits(), ttl: int = DEFAULT_TTL) -> None:
        self.limits = limits
        self.ttl = ttl
        self._table = table
        self._rows = Rows(table, self._decode, _encode)
        self._doubted_time = False

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
        held = await self._readable(cart_id, lambda: self._rows.read(cart_id))
        return held.cart

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

        held = await self._readable(cart_id, lambda: self._rows.transform(cart_id, renew))
        return held.cart

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
        while page := await self._table.page(after, await self._table.ask_time(), PAGE_SIZE):
            for cart_id, state in page:
                try:
                    cart = codec.decode(cart_id, state)
                except (codec.UnreadableCart, codec.NewerCart):
                    self._skipped()
                else:
                    yield cart
            after = page[-1][0]

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self._table.ping()

    @override
    async def count(self) -> int:
        """The number of carts that have not expired; an estimate if PostgreSQL has more than a million."""
        return await self._table.count(await self._table.ask_time())

    @override
    async def time_left(self, cart_id: str) -> int:
        held = await self._readable(cart_id, lambda: self._rows.read(cart_id))
        return max(held.expires_at - self.now(), 0)

    @override
    def now(self) -> int:
        return int(self._table.now())

    @property
    @override
    def epoch(self) -> int:
        return self._table.epoch

    @override
    async def purge(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired carts and return their number; if it is below the limit, none are left.

        Deletes nothing while `doubts_time`.
        """
        doubts = await self.doubts_time()
        if doubts and not self._doubted_time:
            log.error(doubts)
        self._doubted_time = bool(doubts)
        return 0 if doubts else await self._table.purge(await self._table.ask_time(), limit)

    async def drop(self, cart_id: str) -> None:
        """Delete the row of a cart that nobody else knows. Unlike `delete`, this leaves no trace of it."""
        await self._table.delete([cart_id])

    async def doubts_time(self) -> str:
        """Why carts that seem to have expired may not have: the clock of the table must be wrong, or was; else ''."""
        time = await self._table.ask_time()
        changed, expires = await self._table.newest()
        if changed > time + DAY:
            return DOUBTFUL_TIME.format(f"its newest cart was changed {(changed - time) / DAY:,.1f} days from now")
        if 0 < expires <= time - DAY:
            return DOUBTFUL_TIME.format(
                f"every cart has expired, the newest one {(time - expires) / DAY:,.1f} days ago"
            )
        return ""

    async def count_put_aside(self) -> int:
        """The number of rows that could not be read and are kept under other ids."""
        return await self._table.count_put_aside()

    async def idle(self, before: int, *, by_value: bool = False, limit: int = 100) -> Sequence[IdleCart]:
        """Carts with active lines, last changed at `before` (seconds since the epoch) or earlier.

        Sorted by age, oldest first, or by value, highest first, which reads the whole table.
        """
        return await self._table.idle(before, await self._table.ask_time(), limit, by_value=by_value)

    @override
    async def close(self) -> None:
        await self._rows.close()

    async def _readable(self, cart_id: str, call: Callable[[], Awaitable[_Held]]) -> _Held:
        """What the call returns, after its row was put aside if it cannot be read. Raises CartUnreadable."""
        try:
            return await call()
        except codec.NewerCart as error:
            raise CartUnreadable("A newer release of the shop has written this cart.") from error
        except codec.UnreadableCart as error:
            if await self._table.put_aside(cart_id, error.data, self.now() + UNREADABLE_SECONDS):
                self._was_put_aside(f"in the table of carts under an id that begins with {UNREADABLE_PREFIX}")
        return await call()

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

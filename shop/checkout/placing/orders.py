"""Reads stored orders. transitions.py changes them; nothing here writes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.model import Buyer, Order, OrderEvent, Parcel, Quote, State
from shop.checkout.placing import parcels
from shop.checkout.schema import LIVE, OPEN, PENDING, order_events, order_lines, orders
from shop.database import fetch
from shop.errors import NotFound

_COLUMNS = (
    *("number", "secret", "state", "settled", "email", "created_at", "changed_at"),
    *("refunded", "dispute", "processing", "payment_reference", "details"),
)
READ = [orders.c[name] for name in _COLUMNS]
"""The columns that an order is built from."""


class OrderDetails(Buyer, frozen=True, kw_only=True, omit_defaults=True):
    """The JSON column of an order's row: every field of an order that no query filters by.

    The buyer's fields are stored flat, so that releases before and after this one can read each other's rows.
    """

    email: str = ""
    """Always '': the e-mail address has a column of its own."""
    quote: Quote
    challenge_path: str = ""
    fingerprint: str = ""
    failure: str = ""


class OpenOrders(msgspec.Struct, frozen=True):
    """Counts of unsettled orders: all of them, and those whose claim has expired."""

    orders: int
    due: int


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders to list: those that match every field that is given."""

    state: State | None = None
    unsettled: bool = False
    disputed: bool = False
    """Whose payment is disputed now."""
    email: str = ""
    """The whole address, in any case."""
    name: str = ""
    """A part of the recipient's name, in any case."""
    sku: str = ""
    text: str = ""
    """A part of anything that the order says: an address, a title, a note."""
    since: int = 0
    """Seconds since the epoch."""
    before: int | None = None
    limit: int | None = 50


class Orders:
    """Reads orders. Every method may raise StoreUnavailable, and ConfigurationError for an unprepared database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, number: str) -> Order | None:
        """The order with this number (normalised by order_numbers.typed_number), or None."""
        return first(await fetch(self._engine, select(*READ).where(orders.c.number == number)))

    async def several(self, numbers: Sequence[str]) -> list[Order]:
        """The orders with these numbers, in their order; those that there are."""
        if not numbers:
            return []
        rows = await fetch(self._engine, select(*READ).where(orders.c.number.in_(numbers)))
        found = {row.number: order_of(row) for row in rows}
        return [found[number] for number in numbers if number in found]

    async def find(self, number: str) -> Order:
        """The order with this number. Raises NotFound."""
        if (found := await self.get(number)) is None:
            raise NotFound("There is no such order.")
        return found

    async def of_cart(self, cart_id: str, revision: int, change: str | None = None) -> Order | None:
        """The order of a cart at this revision that did not fail, or None.

        `change` is Quote.change. Without it, returns the latest such order: a lost cart may reach a revision twice.
        """
        statement = select(*READ).where(orders.c.cart_id == cart_id, orders.c.cart_revision == revision, LIVE)
        if change is not None:
            statement = statement.where(orders.c.cart_change == change)
        return first(await fetch(self._engine, statement.order_by(orders.c.created_at.desc()).limit(1)))

    async def pending_of(self, cart_id: str) -> Order | None:
        """The order of a cart that is pending, and whose lines are still in it, or None."""
        return first(await fetch(self._engine, select(*READ).where(orders.c.cart_id == cart_id, PENDING)))

    async def with_key(self, key: str) -> Order | None:
        """The order of an Idempotency-Key (`key_of`), failed or not, or None."""
        return first(await fetch(self._engine, select(*READ).where(orders.c.idempotency_key == key)))

    async def with_reference(self, reference: str) -> Order | None:
        """The order whose payment has this id at the provider, or None."""
        known = orders.c.payment_reference == reference, orders.c.payment_reference != ""
        return first(await fetch(self._engine, select(*READ).where(*known)))

    async def page(self, query: OrderQuery | None = None) -> list[Order]:
        """The orders of a query, newest first."""
        query = query or OrderQuery()
        statement = select(*READ).where(*_conditions(query)).order_by(orders.c.created_at.desc(), orders.c.number)
        return [order_of(row) for row in await fetch(self._engine, statement.limit(query.limit))]

    async def history(self, number: str) -> list[OrderEvent]:
        """What happened to an order, in order."""
        statement = select(order_events).where(order_events.c.number == number).order_by(order_events.c.id)
        rows = await fetch(self._engine, statement)
        return [OrderEvent(at=row.at, what=row.what, who=row.who, why=row.why) for row in rows]

    async def parcels(self, number: str) -> list[Parcel]:
        """What left the shop of an order and came back, in order."""
        return [parcels.parcel_of(row) for row in await fetch(self._engine, parcels.of_order(number))]

    async def open(self, now: int) -> OpenOrders:
        """Count the orders to settle at `now` (milliseconds since the epoch)."""
        due = func.count().filter(orders.c.claimed_until < now)
        (row,) = await fetch(self._engine, select(func.count().label("orders"), due.label("due")).where(OPEN))
        return OpenOrders(row.orders, row.due)


def _conditions(query: OrderQuery) -> Iterator[ColumnElement[bool]]:
    """The conditions of a query."""
    if query.state is not None:
        yield orders.c.state == query.state
    if query.unsettled:
        yield ~orders.c.settled
    if query.disputed:
        yield orders.c.dispute == "open"
    if query.email:
        yield func.lower(orders.c.email) == query.email.strip().lower()
    if query.name:
        yield orders.c.name.contains(folded(query.name), autoescape=True)
    if query.sku:
        yield orders.c.number.in_(select(order_lines.c.number).where(order_lines.c.sku == query.sku))
    if query.text:
        yield orders.c.words.contains(folded(query.text), autoescape=True)
    if query.since:
        yield orders.c.created_at >= query.since
    if query.before is not None:
        yield orders.c.created_at < query.before


def key_of(cart_id: str, key: str) -> str:
    """The digest under which the Idempotency-Key of a cart is stored."""
    return blake2b(f"{cart_id}\x00{key}".encode(), digest_size=20).hexdigest()


def folded(text: str) -> str:
    """A text as `orders.name` and `orders.words` have it: without case and other differences of form."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(order: Order) -> str:
    """All that an order says, for searching."""
    buyer, lines = order.buyer, order.quote.lines
    remarks = [line for fact in buyer.facts for line in fact.lines]
    texts = (order.number, buyer.email, *buyer.address.lines, *remarks, order.quote.coupon)
    return folded(" ".join((*texts, *(f"{line.sku} {line.title} {line.variant}" for line in lines))))


def flat(order: Order) -> dict[str, Any]:
    """The fields of an order with its buyer's among them, as rows have them and `shop orders --json` shows them."""
    fields = asdict(order)
    del fields["buyer"]
    return fields | asdict(order.buyer)


def details_of(order: Order) -> str:
    """The JSON column of an order's row."""
    return msgspec.json.encode(msgspec.convert(flat(order) | {"email": ""}, OrderDetails)).decode()


def order_of(row: Row[Any]) -> Order:
    """The order in a row of READ."""
    details = msgspec.json.decode(row.details, type=OrderDetails)
    return Order(
        number=row.number,
        secret=row.secret,
        state=row.state,
        settled=row.settled,
        created_at=row.created_at,
        changed_at=row.changed_at,
        refunded=row.refunded,
        dispute=row.dispute,
        processing=row.processing,
        payment_reference=row.payment_reference,
        quote=details.quote,
        buyer=Buyer(**{name: getattr(details, name) for name in Buyer.__struct_fields__} | {"email": row.email}),
        challenge_path=details.challenge_path,
        fingerprint=details.fingerprint,
        failure=details.failure,
    )


def first(rows: Sequence[Row[Any]]) -> Order | None:
    """The order in the first row, or None."""
    return order_of(rows[0]) if rows else None

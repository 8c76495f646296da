"""The tables of checkout. What is set aside for a checkout is stock, so its table is the catalogue's."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from shop.database import metadata

LIVE = text("state <> 'failed'")
OPEN = text("NOT settled")
PENDING = text("state = 'pending'")
"""Written out, not compared to parameters: only so do both databases see that the index of these rows will do."""
_CART = ("cart_id", "cart_revision", "cart_change")

orders = Table(
    "orders",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("claim", String(32), nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("cart_id", Text, nullable=False),
    Column("cart_revision", BigInteger, nullable=False),
    Column("cart_change", String(16), nullable=False),
    Column("idempotency_key", String(64)),
    Column("email", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("coupon", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("details", Text, nullable=False),
    Index("ix_orders_cart", *_CART, unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
    Index("ix_orders_pending", "cart_id", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
    Index("ix_orders_key", "idempotency_key", unique=True),
    Index("ix_orders_open", "claimed_until", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("ix_orders_created", "created_at"),
)
"""The row is the intent first and the order then. `details` is JSON of the rest of model.Order. `claim` names who works
on it until `claimed_until` (milliseconds since the epoch), '' that nobody does; afterwards anybody may go on with it.
A state of a cart has one order that did not fail. The id of its latest change tells apart two states of one revision:
there are such where a cart was lost and begun anew. A cart has one order that is pending: its lines are still in it."""

coupons = Table(
    "coupons",
    metadata,
    Column("code", Text, primary_key=True),  # capitals
    Column("terms", Text, nullable=False),  # JSON
    Column("uses", Integer, nullable=False),
    Column("max_uses", Integer),
)
"""`uses` counts the orders that have it and did not fail; never more than `max_uses` (None: no limit)."""

coupon_shoppers = Table(
    "coupon_shoppers",
    metadata,
    Column("code", Text, primary_key=True),
    Column("shopper", String(64), primary_key=True),
    Column("uses", Integer, nullable=False),
)
"""Uses of a coupon by one shopper, who is a digest of the e-mail address."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("plain", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Index("ix_outbox_due", "due_at", sqlite_where=text("sent_at IS NULL"), postgresql_where=text("sent_at IS NULL")),
)
"""E-mails, written in the transaction that they tell of; an id such as 'placed:NUMBER' is there once. Times are seconds
since the epoch; the next attempt is not made before `due_at`."""

demo_payments = Table(
    "demo_payments",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("words", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The demo provider's ledger: what was done under a key, each kind (a Status) at most once; nothing is ever changed."""

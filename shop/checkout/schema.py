"""The tables of checkout. Reservations are stock, so their table belongs to the catalogue."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from shop.database import metadata

LIVE = text("state <> 'failed'")
OPEN = text("NOT settled")
PENDING = text("state = 'pending'")
"""Literal SQL, not bind parameters: otherwise neither planner uses the partial index."""
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
"""A row records the intent, and becomes the order. `details` is JSON of the rest of model.Order. `claim` names the
process that works on the order until `claimed_until` (milliseconds since the epoch), '' for none; then any process may
claim it. A state of a cart has at most one order that did not fail. The id of the latest change tells apart two states
with one revision, which exist after a cart was lost. A cart has at most one pending order: its lines are still in the
cart."""

coupons = Table(
    "coupons",
    metadata,
    Column("code", Text, primary_key=True),  # capitals
    Column("terms", Text, nullable=False),  # JSON
    Column("uses", Integer, nullable=False),
    Column("max_uses", Integer),
)
"""`uses` counts the orders with this coupon that did not fail; it never exceeds `max_uses` (None: no limit)."""

coupon_shoppers = Table(
    "coupon_shoppers",
    metadata,
    Column("code", Text, primary_key=True),
    Column("shopper", String(64), primary_key=True),
    Column("uses", Integer, nullable=False),
)
"""Uses of a coupon by one shopper, identified by a digest of the e-mail address."""

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
"""E-mails, stored in the transaction that they announce; an id such as 'placed:NUMBER' is unique. Times are seconds
since
the epoch; the next attempt is not made before `due_at`."""

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
"""The demo provider's ledger: each operation under a key (kind is a Status) at most once. Rows are never changed."""

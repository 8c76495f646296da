"""Orders: stock that is set aside, coupons, orders, e-mails, and the ledger of the demo's payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CART = ("cart_id", "cart_revision", "cart_change")
LIVE, PENDING, OPEN = sa.text("state <> 'failed'"), sa.text("state = 'pending'"), sa.text("NOT settled")
UNSENT = sa.text("sent_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "reservations",
        sa.Column("holder", sa.Text, primary_key=True),
        sa.Column("sku", sa.String(64), primary_key=True),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Index("ix_reservations_sku", "sku"),
        sa.Index("ix_reservations_expires", "expires_at"),
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("claim", sa.String(32), nullable=False),
        sa.Column("claimed_until", sa.BigInteger, nullable=False),
        sa.Column("cart_id", sa.Text, nullable=False),
        sa.Column("cart_revision", sa.BigInteger, nullable=False),
        sa.Column("cart_change", sa.String(16), nullable=False),
        sa.Column("idempotency_key", sa.String(64)),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("coupon", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Index("ix_orders_cart", *CART, unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        sa.Index("ix_orders_pending", "cart_id", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
        sa.Index("ix_orders_key", "idempotency_key", unique=True),
        sa.Index("ix_orders_open", "claimed_until", sqlite_where=OPEN, postgresql_where=OPEN),
        sa.Index("ix_orders_created", "created_at"),
    )
    op.create_table(
        "coupons",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("max_uses", sa.Integer),
    )
    op.create_table(
        "coupon_shoppers",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("shopper", sa.String(64), primary_key=True),
        sa.Column("uses", sa.Integer, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("plain", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Index("ix_outbox_due", "due_at", sqlite_where=UNSENT, postgresql_where=UNSENT),
    )
    op.create_table(
        "demo_payments",
        sa.Column("key", sa.String(48), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("demo_payments", "outbox", "coupon_shoppers", "coupons", "orders", "reservations"):
        op.drop_table(table)

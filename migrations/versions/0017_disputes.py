"""Disputes of payments, and payments that take days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("orders", sa.Column("dispute", sa.String(8), nullable=False, server_default=""))
    op.add_column("orders", sa.Column("processing", sa.Boolean, nullable=False, server_default=sa.false()))
    disputed = sa.text("dispute <> ''")
    op.create_index("ix_orders_dispute", "orders", ["dispute"], sqlite_where=disputed, postgresql_where=disputed)
    _one_pending_order("state = 'pending' AND NOT processing")


def downgrade() -> None:
    _one_pending_order("state = 'pending'")
    op.drop_index("ix_orders_dispute", "orders")
    for name in ("processing", "dispute"):
        op.drop_column("orders", name)


def _one_pending_order(condition: str) -> None:
    """A cart has at most one order of this kind."""
    op.drop_index("ix_orders_pending", "orders")
    where = sa.text(condition)
    op.create_index("ix_orders_pending", "orders", ["cart_id"], unique=True, sqlite_where=where, postgresql_where=where)

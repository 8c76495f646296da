"""Refunds of parts of orders, and the payment provider's reference of an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("orders", sa.Column("refunded", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("payment_reference", sa.Text, nullable=False, server_default=""))
    with op.batch_alter_table("orders") as batch:
        batch.create_check_constraint("ck_orders_refunded", sa.text("refunded >= 0 AND refunded <= total"))
    referenced = sa.text("payment_reference <> ''")
    op.create_index(
        "ix_orders_reference", "orders", ["payment_reference"], sqlite_where=referenced, postgresql_where=referenced
    )
    op.create_table(
        "order_refunds",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("skus", sa.Text, nullable=False),
        sa.Column("restocked", sa.Boolean, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_order_refunds_amount"),
    )
    op.create_table(
        "demo_refunds",
        sa.Column("key", sa.String(48), primary_key=True),
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("demo_refunds")
    op.drop_table("order_refunds")
    op.drop_index("ix_orders_reference", "orders")
    with op.batch_alter_table("orders") as batch:
        batch.drop_constraint("ck_orders_refunded", type_="check")
    for name in ("payment_reference", "refunded"):
        op.drop_column("orders", name)

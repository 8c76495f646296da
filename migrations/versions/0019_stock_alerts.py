"""Who wants to be told when something is back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "stock_alerts",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Index("ix_stock_alerts_sku", "sku", "mailbox", unique=True),
        sa.Index("ix_stock_alerts_mailbox", "mailbox"),
    )


def downgrade() -> None:
    op.drop_table("stock_alerts")

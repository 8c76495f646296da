"""The journal of carts: what was acknowledged while their store was away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cart_journal",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("expires_hour", sa.BigInteger, sa.Computed("expires_at / 3600", persisted=True)),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Index("ix_cart_journal_expires_hour", "expires_hour"),
        postgresql_with={"fillfactor": 75},
    )


def downgrade() -> None:
    op.drop_table("cart_journal")

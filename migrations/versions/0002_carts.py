"""Carts: those of a shop that keeps them in SQL, and the archive of sleeping ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "carts",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("expires_hour", sa.BigInteger, sa.Computed("expires_at / 3600", persisted=True)),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Index("ix_carts_expires_hour", "expires_hour"),
        postgresql_with={"fillfactor": 75},
    )


def downgrade() -> None:
    op.drop_table("carts")

"""Invoices: their numbers, without gaps in each series, and who sold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "invoice_series",
        sa.Column("series", sa.String(32), primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "invoices",
        sa.Column("series", sa.String(32), primary_key=True),
        sa.Column("serial", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("seller", sa.Text, nullable=False),
        sa.Index("ix_invoices_number", "number", unique=True),
    )


def downgrade() -> None:
    op.drop_table("invoices")
    op.drop_table("invoice_series")

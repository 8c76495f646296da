"""Credit notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "credit_notes",
        sa.Column("series", sa.String(32), primary_key=True),
        sa.Column("serial", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("refund", sa.Integer, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_credit_notes_refund", "credit_notes", ["number", "refund"], unique=True)


def downgrade() -> None:
    op.drop_table("credit_notes")

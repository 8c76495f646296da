"""Coupons that apply without a code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("coupons", sa.Column("automatic", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE coupons SET automatic = true WHERE terms LIKE '%\"automatic\"%'")
    automatic = sa.text("automatic")
    op.create_index("ix_coupons_automatic", "coupons", ["code"], sqlite_where=automatic, postgresql_where=automatic)


def downgrade() -> None:
    op.drop_index("ix_coupons_automatic", "coupons")
    op.drop_column("coupons", "automatic")

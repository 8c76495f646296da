"""Which session of Stripe belongs to which order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "stripe_payments",
        sa.Column("key", sa.String(48), primary_key=True),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("voided", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("stripe_payments")

"""Stock that is sold and not shipped yet, and who changed stock, when and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NEVER = 253402300799
BATCH = 500

orders = sa.table("orders", sa.column("number"), sa.column("state"), sa.column("details"))
reservations = sa.table("reservations", *map(sa.column, ("holder", "sku", "quantity", "expires_at", "committed")))


def upgrade() -> None:
    op.add_column("catalog", sa.Column("imports", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("reservations", sa.Column("committed", sa.Boolean, nullable=False, server_default=sa.false()))
    unpaid = sa.text("NOT committed")
    op.create_index(
        "ix_reservations_unpaid", "reservations", ["quantity"], sqlite_where=unpaid, postgresql_where=unpaid
    )
    op.create_table(
        "stock_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("before", sa.BigInteger),
        sa.Column("after", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Index("ix_stock_changes_sku", "sku", "id"),
    )
    op.create_table(
        "renamed_skus",
        sa.Column("old", sa.String(64), primary_key=True),
        sa.Column("new", sa.String(64), nullable=False),
    )
    for rows in _units_of_orders():
        op.bulk_insert(reservations, rows)


def _units_of_orders() -> Iterator[list[dict[str, Any]]]:
    """What orders that have not left the shop have of each sku, in batches of orders."""
    last = ""
    while True:
        chosen = sa.select(orders).where(orders.c.state.in_(("pending", "placed", "paid")), orders.c.number > last)
        found = op.get_bind().execute(chosen.order_by(orders.c.number).limit(BATCH)).all()
        if not found:
            return
        last = found[-1].number
        yield [
            {
                "holder": f"order:{row.number}",
                "sku": line["sku"],
                "quantity": line["quantity"],
                "expires_at": NEVER,
                "committed": row.state != "pending",
            }
            for row in found
            for line in json.loads(row.details)["quote"]["lines"]
        ]


def downgrade() -> None:
    # The previous release counts what unpaid orders need as sold, and gives it back if they fail.
    op.execute("DELETE FROM reservations WHERE holder LIKE 'order:%'")
    op.drop_index("ix_reservations_unpaid", "reservations")
    op.drop_column("reservations", "committed")
    op.drop_column("catalog", "imports")
    op.drop_table("renamed_skus")
    op.drop_table("stock_changes")

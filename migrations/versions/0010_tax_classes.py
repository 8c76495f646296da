"""The tax class of each variant, and the tax class and tax of each line of an order.

Lines of earlier orders say nothing of their tax: it was calculated for the whole order.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

BATCH = 500

orders = sa.table("orders", sa.column("number"), sa.column("details"))
lines = sa.table("order_lines", *map(sa.column, ("number", "position", "tax_class", "tax")))


def upgrade() -> None:
    for table in ("variants", "order_lines"):
        op.add_column(table, sa.Column("tax_class", sa.String(16), nullable=False, server_default="standard"))
    op.add_column("order_lines", sa.Column("tax", sa.BigInteger, nullable=False, server_default="0"))
    _fill()


def downgrade() -> None:
    op.drop_column("order_lines", "tax")
    for table in ("order_lines", "variants"):
        op.drop_column(table, "tax_class")


def _fill() -> None:
    """Tell the lines of orders that know their taxes: after a downgrade."""
    last, knows = "", orders.c.details.like('%"tax_class":%')
    key, place = sa.bindparam("key", type_=sa.Text), sa.bindparam("place", type_=sa.Integer)
    values = {
        "tax_class": sa.bindparam("own_class", type_=sa.Text),
        "tax": sa.bindparam("own_tax", type_=sa.BigInteger),
    }
    fill = sa.update(lines).where(lines.c.number == key, lines.c.position == place).values(values)
    chosen = sa.select(orders).where(knows).order_by(orders.c.number).limit(BATCH)
    while found := op.get_bind().execute(chosen.where(orders.c.number > last)).all():
        last = found[-1].number
        op.get_bind().execute(
            fill,
            [
                {"key": row.number, "place": place, "own_class": line["tax_class"], "own_tax": line["tax"]}
                for row in found
                for place, line in enumerate(json.loads(row.details)["quote"]["lines"])
            ],
        )

"""Orders: a secret in the address of their page, words to search for, their lines and their history as tables."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BATCH = 500
REACHED = ("paid", "shipped", "cancelled", "refunded", "failed")

orders = sa.table(
    "orders", *map(sa.column, ("number", "secret", "state", "email", "name", "words", "changed_at", "details"))
)


def upgrade() -> None:
    for name in ("name", "words"):
        op.add_column("orders", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("orders", sa.Column("secret", sa.String(32), nullable=False, server_default=""))
    op.create_index("ix_orders_email", "orders", ["email"])
    lines = op.create_table(
        "order_lines",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.BigInteger, nullable=False),
        sa.Column("discount", sa.BigInteger, nullable=False),
        sa.Index("ix_order_lines_sku", "sku"),
    )
    events = op.create_table(
        "order_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Index("ix_order_events_number", "number", "id"),
    )
    own = sa.bindparam("key", type_=sa.Text)
    fill = sa.update(orders).where(orders.c.number == own)
    fill = fill.values({name: sa.bindparam(f"new_{name}", type_=sa.Text) for name in ("secret", "name", "words")})
    for batch in _stored_orders():
        op.get_bind().execute(fill, [_found_by(row, details) for row, details in batch])
        op.bulk_insert(lines, [line for row, details in batch for line in _lines(row.number, details)])
        op.bulk_insert(events, [event for row, _ in batch for event in _events(row)])


def _stored_orders() -> Iterator[list[tuple[Any, dict[str, Any]]]]:
    """Each order with its decoded details, in batches."""
    last = ""
    while True:
        chosen = sa.select(orders).where(orders.c.number > last).order_by(orders.c.number).limit(BATCH)
        found = op.get_bind().execute(chosen).all()
        if not found:
            return
        last = found[-1].number
        yield [(row, json.loads(row.details)) for row in found]


def _found_by(row: Any, details: dict[str, Any]) -> dict[str, str]:
    address = details["address"]
    name = address.get("name", "")
    places = ("street_address", "zip_code", "city", "state", "country")
    texts = [row.number, row.email, name, *(address.get(part, "") for part in places), details.get("gift_note", "")]
    texts += [f"{line['sku']} {line['title']} {line['variant']}" for line in details["quote"]["lines"]]
    secret = secrets.token_urlsafe(15)
    return {"key": row.number, "new_secret": secret, "new_name": _folded(name), "new_words": _folded(" ".join(texts))}


def _lines(number: str, details: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for position, line in enumerate(details["quote"]["lines"]):
        yield {
            "number": number,
            "position": position,
            "sku": line["sku"],
            "title": f"{line['title']}, {line['variant']}" if line["variant"] else line["title"],
            "quantity": line["quantity"],
            "unit": line["unit"]["amount"] if isinstance(line["unit"], dict) else line["unit"][0],
            "discount": line.get("discount", 0),
        }


def _events(row: Any) -> Iterator[dict[str, Any]]:
    """What is known of the past: the latest change, and that what was sent or refunded had been paid before."""
    event = {"number": row.number, "at": row.changed_at, "who": "", "why": ""}
    if row.state in ("shipped", "refunded"):
        yield event | {"what": "paid", "why": "before this history began"}
    if row.state in REACHED:
        yield event | {"what": row.state}


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def downgrade() -> None:
    op.drop_table("order_events")
    op.drop_table("order_lines")
    op.drop_index("ix_orders_email", "orders")
    for name in ("secret", "words", "name"):
        op.drop_column("orders", name)

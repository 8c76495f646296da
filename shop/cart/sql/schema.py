"""The table of carts in SQL: SqlCartService's own, and the archive of sleeping carts.

`state` is the truth, in the layout of codec.py. The columns beside it are derived from it, for whoever looks after
the carts: what sleeps, of what value, and what has expired.

Made for hundreds of millions of rows: an index that changes with every click would make PostgreSQL write a new row
version into each index (no heap-only update). So the one index beside the key is on the hour in which a cart
expires, which changes once an hour at most, and pages are left a quarter empty for new versions of their rows.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Computed, Index, Integer, LargeBinary, String, Table, Text

from shop.database import metadata

carts = Table(
    "carts",
    metadata,
    Column("id", Text(collation="C").with_variant(Text(), "sqlite"), primary_key=True),
    Column("changed_at", BigInteger, nullable=False),  # seconds since the epoch, as is expires_at
    Column("expires_at", BigInteger, nullable=False),
    Column("expires_hour", BigInteger, Computed("expires_at / 3600", persisted=True)),
    Column("pieces", Integer, nullable=False),  # in active lines, as are amount and currency
    Column("amount", BigInteger, nullable=False),  # minor units
    Column("currency", String(3), nullable=False),  # '' where no line is active
    Column("state", LargeBinary, nullable=False),
    Index("ix_carts_expires_hour", "expires_hour"),
    postgresql_with={"fillfactor": 75},
)

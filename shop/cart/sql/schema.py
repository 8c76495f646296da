"""The table of carts in SQL, used by SqlCartService as a store and as the archive.

`state` is authoritative, in the format of codec.py. The other columns are derived from it for operators' queries: which
carts are idle, what they are worth, and which have expired.

Designed for hundreds of millions of rows. An index on a column that every click changes would make PostgreSQL write
each new row version into every index (no heap-only update). So the only index besides the key is on the hour in which a
cart expires, which changes at most once an hour, and pages are left a quarter empty for new row versions.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Computed, Index, Integer, LargeBinary, String, Table, Text

from shop.database import metadata


def _table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("id", Text(collation="C").with_variant(Text(), "sqlite"), primary_key=True),
        Column("changed_at", BigInteger, nullable=False),  # seconds since the epoch, as is expires_at
        Column("expires_at", BigInteger, nullable=False),
        Column("expires_hour", BigInteger, Computed("expires_at / 3600", persisted=True)),
        Column("pieces", Integer, nullable=False),  # in active lines, as are amount and currency
        Column("amount", BigInteger, nullable=False),  # minor units
        Column("currency", String(3), nullable=False),  # '' if no line is active
        Column("state", LargeBinary, nullable=False),
        Index(f"ix_{name}_expires_hour", "expires_hour"),
        postgresql_with={"fillfactor": 75},
    )


carts = _table("carts")
journal = _table("cart_journal")
"""What was acknowledged while the store of a cart was away (journal.py): the same columns, another `state`."""

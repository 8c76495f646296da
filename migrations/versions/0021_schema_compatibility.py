"""Which releases may go on with the schema: those whose newest migration is this one or a later one.

A migration that only adds leaves the row as it is. One after which an older release must not run sets it to its own
revision: `op.execute(f"UPDATE schema_compatibility SET oldest = '{revision}'")`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    table = op.create_table("schema_compatibility", sa.Column("oldest", sa.String(32), primary_key=True))
    op.bulk_insert(table, [{"oldest": revision}])


def downgrade() -> None:
    op.drop_table("schema_compatibility")

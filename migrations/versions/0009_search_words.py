"""The search index by lexemes, and the words that it knows.

The index is left empty: `shop run` and `shop catalog reindex` fill it again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OLD_INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS product_search USING fts5(words, tokens, content = 'product_texts', "
    "content_rowid = 'product_id', tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3')"
)
INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5(words, tokens, content = 'product_texts', "
    "content_rowid = 'product_id', tokenize = 'ascii', detail = 'none')"
)


def upgrade() -> None:
    op.add_column("catalog", sa.Column("index_version", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "search_words",
        *(sa.Column(name, SORTABLE, primary_key=True) for name in ("language", "word")),
        *(sa.Column(name, SORTABLE, nullable=False) for name in ("stem", "ending")),
        sa.Column("field", sa.Integer, nullable=False),
        sa.Index("ix_search_words_stem", "language", "stem"),
        sa.Index("ix_search_words_ending", "language", "ending"),
    )
    op.create_table(
        "search_spellings",
        *(sa.Column(name, SORTABLE, primary_key=True) for name in ("language", "spelling", "word")),
    )
    _empty_index(INDEX)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("search_index")
    _empty_index()
    op.drop_table("search_spellings")
    op.drop_table("search_words")
    op.drop_column("catalog", "index_version")


def _empty_index(*more: str) -> None:
    """Empty the texts, which both releases write in different forms, and their index in SQLite.

    The old index stays, empty: a process of the last release that is still running finds nothing, instead of failing.
    """
    op.execute("DELETE FROM product_texts")
    if op.get_bind().dialect.name == "sqlite":
        for statement in (OLD_INDEX, "INSERT INTO product_search(product_search) VALUES ('delete-all')", *more):
            op.execute(statement)

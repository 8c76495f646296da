"""The catalogue: products, variants, and what is derived from them for listing and searching."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    catalog = op.create_table(
        "catalog",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("products", sa.Integer, nullable=False),
    )
    op.bulk_insert(catalog, [{"id": 1, "version": 1, "products": 0}])
    op.create_table(
        "products",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("handle", sa.String(255), nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("title", "description", "vendor")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("categories", "tags", "options", "images")),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False, index=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("category_slug", sa.Text, nullable=False),
        sa.Column("image", sa.Text, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("to_price", sa.BigInteger, nullable=False),
        sa.Column("compare_at", sa.BigInteger),
        sa.Column("stock", sa.BigInteger),
        sa.Column("sku", sa.String(64)),
        sa.Column("sort_price", sa.BigInteger, nullable=False),
        sa.Column("traits", sa.Text, nullable=False),
    )
    op.create_table(
        "variants",
        sa.Column("sku", sa.String(64), primary_key=True),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("tokens", sa.Text, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("compare_at", sa.BigInteger),
        sa.Column("stock", sa.BigInteger),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("image", sa.Integer),
        sa.Index("ix_variants_product", "product_id", "position", unique=True),
    )
    op.create_table(
        "listings",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("title_key", SORTABLE, nullable=False),
        sa.Column("in_stock", sa.Boolean, nullable=False),
        sa.Index("ix_listings_product", "product_id"),
        sa.Index("ix_listings_rank", "category", "rank", "product_id", "price", "in_stock"),
        sa.Index("ix_listings_price", "category", "price", "product_id", "in_stock"),
        sa.Index("ix_listings_created", "category", "created_at", "product_id", "price", "in_stock"),
        sa.Index("ix_listings_title", "category", "title_key", "product_id", "price", "in_stock"),
    )
    op.create_table(
        "facets",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("category", "name", "value")),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("products", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "product_texts",
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True, autoincrement=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("tokens", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        # One, two and three letters have indexes of their own, because a search begins with the first key pressed.
        op.execute(
            "CREATE VIRTUAL TABLE product_search USING fts5(words, tokens, content = 'product_texts', "
            "content_rowid = 'product_id', tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3')"
        )
    else:
        op.add_column("product_texts", sa.Column("vector", sa.dialects.postgresql.TSVECTOR, nullable=False))
        op.create_index("ix_product_texts_vector", "product_texts", ["vector"], postgresql_using="gin")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("product_search")
    for table in ("product_texts", "facets", "listings", "variants", "products", "catalog"):
        op.drop_table(table)

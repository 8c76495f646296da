"""The catalogue's tables.

`products`, `variants` and `reservations` are the primary data. Everything else is derived from them on writing, so that
a read is one indexed query for a catalogue of any size: the listing columns of `products`; `listings` (a row for each
product in each category and in '' for all products, with an index for each sort order); `facets` (counts for each
category); `product_texts` (lexemes, indexed by SQLite's FTS5 in `search_index`, by PostgreSQL's GIN in a column
`vector`); and `search_words` and `search_spellings`, by which a search knows what words there are.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)

from shop.database import metadata

UNPAID = text("NOT committed")
"""Literal SQL, not a bind parameter: otherwise neither planner uses the partial index."""
_SORTABLE = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that both databases sort by code point."""

catalog = Table(
    "catalog",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("products", Integer, nullable=False),
    Column("imports", BigInteger, nullable=False, server_default="0"),
    Column("index_version", Integer, nullable=False, server_default="0"),
)
"""One row. `version` increments with every change that pages show, `imports` with every import; `products` counts the
published ones; `index_version` says how the search index was made (see `search.INDEX_VERSION`)."""

products = Table(
    "products",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("handle", String(255), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("categories", Text, nullable=False),  # JSON, as are tags, options, images, image and traits
    Column("tags", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("images", Text, nullable=False),
    Column("published", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("rank", Integer, nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("category", Text, nullable=False),
    Column("category_slug", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("to_price", BigInteger, nullable=False),
    Column("compare_at", BigInteger),
    Column("stock", BigInteger),
    Column("sku", String(64)),
    Column("sort_price", BigInteger, nullable=False),
    Column("traits", Text, nullable=False),
)
"""Columns from `category` on are derived: the first category and image; over the variants, the lowest price with its
`compare_at`, the highest price (minor units of `currency`) and the sum of stock; `sku` if there is only one variant;
`sort_price`, which is `price` in the catalogue's own currency."""

variants = Table(
    "variants",
    metadata,
    Column("sku", String(64), primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("options", Text, nullable=False),
    Column("tokens", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("compare_at", BigInteger),
    Column("stock", BigInteger),
    Column("weight", Integer, nullable=False),
    Column("image", Integer),
    Column("tax_class", String(16), nullable=False, server_default="standard"),
    CheckConstraint("stock >= 0", name="ck_variants_stock"),
    CheckConstraint("price >= 0", name="ck_variants_price"),
    Index("ix_variants_product", "product_id", "position", unique=True),
)

listings = Table(
    "listings",
    metadata,
    Column("category", Text, primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("title_key", _SORTABLE, nullable=False),
    Column("in_stock", Boolean, nullable=False),
    Index("ix_listings_product", "product_id"),
    Index("ix_listings_rank", "category", "rank", "product_id", "price", "in_stock"),
    Index("ix_listings_price", "category", "price", "product_id", "in_stock"),
    Index("ix_listings_created", "category", "created_at", "product_id", "price", "in_stock"),
    Index("ix_listings_title", "category", "title_key", "product_id", "price", "in_stock"),
)
"""`category` is a slug, '' for all products; only published products are listed."""

facets = Table(
    "facets",
    metadata,
    Column("category", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("products", Integer, nullable=False),
    Column("position", Integer, nullable=False),
)
"""The number of products of a category with a value. `position` is the order of first occurrence."""

product_texts = Table(
    "product_texts",
    metadata,
    Column("product_id", ForeignKey("products.id"), primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
    Column("tokens", Text, nullable=False),
)
"""Of published products: their lexemes (see `search`), and the tokens of their choices."""

search_words = Table(
    "search_words",
    metadata,
    Column("language", _SORTABLE, primary_key=True),
    Column("word", _SORTABLE, primary_key=True),
    Column("stem", _SORTABLE, nullable=False),
    Column("ending", _SORTABLE, nullable=False),
    Column("field", Integer, nullable=False),
    Index("ix_search_words_stem", "language", "stem"),
    Index("ix_search_words_ending", "language", "ending"),
)
"""The words that a search in a language can find. `ending` is the stem backwards, to find compounds by their last part;
`field` is the best field that ever had the word (see `search.Field`). Words that no product has any more may remain."""

search_spellings = Table(
    "search_spellings",
    metadata,
    Column("language", _SORTABLE, primary_key=True),
    Column("spelling", _SORTABLE, primary_key=True),
    Column("word", _SORTABLE, primary_key=True),
)
"""Each word of `search_words` under itself and under what is left of it without one of its letters."""

reviews = Table(
    "reviews",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("handle", String(255), nullable=False),
    Column("rating", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("day", String(10), nullable=False),
    CheckConstraint("rating BETWEEN 1 AND 5", name="ck_reviews_rating"),
    Index("ix_reviews_handle", "handle", "day"),
)
"""Imported reviews; `day` is ISO 8601. They name a product by its handle, so an import that rewrites it keeps them."""

reservations = Table(
    "reservations",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("sku", String(64), primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("committed", Boolean, nullable=False, server_default=false()),
    CheckConstraint("quantity > 0", name="ck_reservations_quantity"),
    Index("ix_reservations_sku", "sku"),
    Index("ix_reservations_expires", "expires_at"),
    Index("ix_reservations_unpaid", "quantity", sqlite_where=UNPAID, postgresql_where=UNPAID),
)
"""Quantities reserved for a holder (the id of a cart at the checkout) until `expires_at` (seconds since the epoch).
They are not part of `variants.stock`, which is on sale to everyone. The holder 'order:NUMBER' is an order: its rows do
not expire, and are `committed` from its payment until it leaves the shop. No foreign key: reservations survive an
import that rewrites their variant."""

stock_changes = Table(
    "stock_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("sku", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("before", BigInteger),
    Column("after", BigInteger),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Index("ix_stock_changes_sku", "sku", "id"),
)
"""What people changed: the quantity on hand before and after (NULL: no limit), by whom (`who`), when (seconds since the
epoch) and why. Sales are in the orders. A renamed sku has a row with the old sku as its reason."""

renamed_skus = Table(
    "renamed_skus",
    metadata,
    Column("old", String(64), primary_key=True),
    Column("new", String(64), nullable=False),
)
"""Skus that an import has renamed: what comes back under the old name goes to the new one."""

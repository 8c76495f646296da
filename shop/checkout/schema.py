"""The tables of checkout. Reservations are stock, so their table belongs to the catalogue."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, false, text

from shop.database import metadata

LIVE = text("state <> 'failed'")
OPEN = text("NOT settled")
PENDING = text("state = 'pending' AND NOT processing")
DISPUTED = text("dispute <> ''")
AUTOMATIC = text("automatic")
REFERENCED = text("payment_reference <> ''")
"""Literal SQL, not bind parameters: otherwise neither planner uses the partial index."""
STATES = ("pending", "failed", "placed", "paid", "shipped", "cancelled", "refunded")
_CART = ("cart_id", "cart_revision", "cart_change")

orders = Table(
    "orders",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("secret", String(32), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("claim", String(32), nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("cart_id", Text, nullable=False),
    Column("cart_revision", BigInteger, nullable=False),
    Column("cart_change", String(16), nullable=False),
    Column("idempotency_key", String(64)),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("words", Text, nullable=False, server_default=""),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False, server_default="0"),
    Column("dispute", String(8), nullable=False, server_default=""),
    Column("processing", Boolean, nullable=False, server_default=false()),
    Column("payment_reference", Text, nullable=False, server_default=""),
    Column("coupon", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("details", Text, nullable=False),
    CheckConstraint("total >= 0", name="ck_orders_total"),
    CheckConstraint("refunded >= 0 AND refunded <= total", name="ck_orders_refunded"),
    CheckConstraint(f"state IN {STATES}", name="ck_orders_state"),
    Index("ix_orders_cart", *_CART, unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
    Index("ix_orders_pending", "cart_id", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
    Index("ix_orders_key", "idempotency_key", unique=True),
    Index("ix_orders_open", "claimed_until", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("ix_orders_created", "created_at"),
    Index("ix_orders_email", "email"),
    Index("ix_orders_dispute", "dispute", sqlite_where=DISPUTED, postgresql_where=DISPUTED),
    Index("ix_orders_reference", "payment_reference", sqlite_where=REFERENCED, postgresql_where=REFERENCED),
)
"""A row records the intent, and becomes the order. `secret` is in the address of its page. `name` (the recipient's)
and `words` (all that the order says) are folded, for searching. `refunded` is the sum of `order_refunds`;
`payment_reference` is the payment provider's own id. `details` is JSON of the rest of model.Order. `claim`
names the process that works on the order until `claimed_until` (milliseconds since the epoch), '' for none; then any
process may claim it. A state of a cart has at most one order that did not fail. The id of the latest change tells apart
two states with one revision, which exist after a cart was lost. A cart has at most one pending order whose lines are
still in the cart: those of one whose payment takes days (`processing`) have left it. `dispute` is model.Dispute."""

order_lines = Table(
    "order_lines",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sku", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("tax_class", String(16), nullable=False, server_default="standard"),
    Column("tax", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("quantity > 0 AND unit >= 0 AND discount >= 0", name="ck_order_lines_amounts"),
    Index("ix_order_lines_sku", "sku"),
)
"""What was sold, as `orders.details` has it too: for questions over many orders. `unit`, `discount` and `tax`
are in minor units of the order's currency."""

order_events = Table(
    "order_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("number", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("what", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_order_events_number", "number", "id"),
)
"""What happened to an order after it was placed: `what` is the state that it reached, or 'note'. `who` is '' for the
shop itself. Rows are never changed."""

invoice_series = Table(
    "invoice_series",
    metadata,
    Column("series", String(32), primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""The last serial number of each series of invoices. Its row is locked while an invoice is issued."""

invoices = Table(
    "invoices",
    metadata,
    Column("series", String(32), primary_key=True),
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("number", String(32), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("seller", Text, nullable=False),
    Index("ix_invoices_number", "number", unique=True),
)
"""Invoices; `number` is the order's. `seller` is JSON: who sold then. Rows are never changed."""
credit_notes = Table(
    "credit_notes",
    metadata,
    Column("series", String(32), primary_key=True),
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("number", String(32), nullable=False),
    Column("refund", Integer, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Index("ix_credit_notes_refund", "number", "refund", unique=True),
)
"""Credit notes; `number` is the order's, `refund` the position of the refund, 0 for that of all that was left. Their
series are rows of `invoice_series` too. Rows are never changed."""

order_refunds = Table(
    "order_refunds",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("skus", Text, nullable=False),  # JSON: quantities by sku
    Column("restocked", Boolean, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    CheckConstraint("amount > 0", name="ck_order_refunds_amount"),
)
"""Refunds of parts of orders, in minor units of their currency. `skus` are the items that they are for, if that was
said; `restocked`: they had not left the shop, and are on sale again. `done`: the payment provider has taken it.
`number` and `position` identify it there."""

order_parcels = Table(
    "order_parcels",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("skus", Text, nullable=False),  # JSON: quantities by sku
    Column("carrier", Text, nullable=False),
    Column("tracking", Text, nullable=False),
    Column("returned", Boolean, nullable=False),
    Column("restocked", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What left the shop of an order, and what came back (`returned`; `restocked`: it is on sale again)."""

payment_events = Table(
    "payment_events",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("number", String(32), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_payment_events_number", "number"),
)
"""The messages of the payment provider, each once, however often it was sent."""

coupons = Table(
    "coupons",
    metadata,
    Column("code", Text, primary_key=True),  # capitals
    Column("terms", Text, nullable=False),  # JSON
    Column("uses", Integer, nullable=False),
    Column("max_uses", Integer),
    Column("automatic", Boolean, nullable=False, server_default=false()),
    Index("ix_coupons_automatic", "code", sqlite_where=AUTOMATIC, postgresql_where=AUTOMATIC),
    CheckConstraint("uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)", name="ck_coupons_uses"),
)
"""`uses` counts the orders with this coupon that did not fail; it never exceeds `max_uses` (None: no limit).
`automatic`: whether it applies without a code."""

coupon_shoppers = Table(
    "coupon_shoppers",
    metadata,
    Column("code", Text, primary_key=True),
    Column("shopper", String(64), primary_key=True),
    Column("uses", Integer, nullable=False),
    CheckConstraint("uses >= 0", name="ck_coupon_shoppers_uses"),
)
"""Uses of a coupon by one shopper, identified by a digest of the e-mail address."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("plain", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Index("ix_outbox_due", "due_at", sqlite_where=text("sent_at IS NULL"), postgresql_where=text("sent_at IS NULL")),
)
"""E-mails, stored in the transaction that they announce; an id such as 'placed:NUMBER' is unique. Times are seconds
since
the epoch; the next attempt is not made before `due_at`."""

stock_alerts = Table(
    "stock_alerts",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("sku", String(64), nullable=False),
    Column("email", Text, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("origin", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Index("ix_stock_alerts_sku", "sku", "mailbox", unique=True),
    Index("ix_stock_alerts_mailbox", "mailbox"),
)
"""Who wants to be told when a sku is back; see shop.checkout.mail.stock_alerts. `mailbox` is the address in lower case.
Times are seconds since the epoch."""

demo_payments = Table(
    "demo_payments",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("words", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The demo provider's ledger: each operation under a key (kind is a Status) at most once. Rows are never changed."""

demo_refunds = Table(
    "demo_refunds",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("id", String(48), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The refunds in the demo provider's ledger. The last, after which nothing is left, is a row of `demo_payments` too."""

stripe_payments = Table(
    "stripe_payments",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("session", Text, nullable=False),
    Column("voided", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("request", Text, nullable=False),  # JSON
)
"""Which Checkout Session of Stripe belongs to which order; '' before it is known. `voided`: none may be created."""

"""Checks of what must never be: negative stock, a coupon that is used more often than allowed, unknown states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

STATES = ("pending", "failed", "placed", "paid", "shipped", "cancelled", "refunded")
CHECKS = {
    "variants": {"ck_variants_stock": "stock >= 0", "ck_variants_price": "price >= 0"},
    "reservations": {"ck_reservations_quantity": "quantity > 0"},
    "orders": {"ck_orders_total": "total >= 0", "ck_orders_state": f"state IN {STATES}"},
    "order_lines": {"ck_order_lines_amounts": "quantity > 0 AND unit >= 0 AND discount >= 0"},
    "coupons": {"ck_coupons_uses": "uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)"},
    "coupon_shoppers": {"ck_coupon_shoppers_uses": "uses >= 0"},
}


def upgrade() -> None:
    # What a mistake of an earlier release or a hand may have left must not stop the upgrade.
    op.execute("UPDATE variants SET stock = 0 WHERE stock < 0")
    op.execute("DELETE FROM reservations WHERE quantity <= 0")
    op.execute("UPDATE coupons SET max_uses = uses WHERE uses > max_uses")
    for table, checks in CHECKS.items():
        with op.batch_alter_table(table) as batch:
            for name, condition in checks.items():
                batch.create_check_constraint(name, sa.text(condition))


def downgrade() -> None:
    for table, checks in CHECKS.items():
        with op.batch_alter_table(table) as batch:
            for name in checks:
                batch.drop_constraint(name, type_="check")

"""Who used a coupon is a digest keyed with SECRET_KEY, made anew from the orders."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

from shop.checkout.pricing.coupons import shopper_digest
from shop.settings import Settings

revision = "0008"
down_revision = "0007"

coupon_shoppers = sa.table("coupon_shoppers", *map(sa.column, ("code", "shopper", "uses")))
orders = sa.table("orders", *map(sa.column, ("coupon", "email", "state")))


def upgrade() -> None:
    _rewrite(Settings.from_env().lasting_secret)


def downgrade() -> None:
    _rewrite("")


def _rewrite(key: str) -> None:
    """Count the uses anew: an address cannot be read from its old digest."""
    used = sa.select(orders.c.coupon, orders.c.email).where(orders.c.coupon != "", orders.c.state != "failed")
    uses = Counter((row.coupon, shopper_digest(row.email, key)) for row in op.get_bind().execute(used))
    op.execute(sa.delete(coupon_shoppers))
    rows = [{"code": code, "shopper": shopper, "uses": count} for (code, shopper), count in uses.items()]
    if rows:
        op.get_bind().execute(sa.insert(coupon_shoppers), rows)

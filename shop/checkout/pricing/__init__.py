"""What an order costs: totals, shipping, taxes, coupons and quotes."""

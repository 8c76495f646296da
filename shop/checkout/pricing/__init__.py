"""The price of an order: totals, shipping, taxes, coupons and quotes."""

"""The pages of orders: the receipt and the look-up."""

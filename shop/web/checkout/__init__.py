"""Checkout: the form, placing an order, confirming a payment."""

"""The checkout: its form, placing the order, confirming a payment."""

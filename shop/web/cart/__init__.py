"""The cart: its page, its drawer, and every change to it."""

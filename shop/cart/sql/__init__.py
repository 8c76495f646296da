"""Carts in SQLite or PostgreSQL."""

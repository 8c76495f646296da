"""Handing a cart over to another device."""

"""A server-rendered shop whose cart is never lost, never doubled and never refused."""

__version__ = "0.1.0"

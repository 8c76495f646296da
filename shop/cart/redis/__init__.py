"""Carts in Redis: a single server, Sentinel or Cluster."""

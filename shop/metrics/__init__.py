"""Metrics of all processes of a shop: collected from the workers, added up, kept for an hour."""

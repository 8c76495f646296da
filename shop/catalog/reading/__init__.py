"""Reads the catalogue: listings, search, facets, and a cache."""

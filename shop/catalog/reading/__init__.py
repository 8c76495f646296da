"""Reads the catalogue: listings, search, facets and the cache."""

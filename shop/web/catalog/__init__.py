"""The catalogue: listings, search, product pages."""

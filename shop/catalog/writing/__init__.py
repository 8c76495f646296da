"""Writes the catalogue: imports, exports and the rows derived for reading."""

"""Stock: reserved, taken, given back, and what is derived from it."""

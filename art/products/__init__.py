"""The things: one module for each category, one function for each product."""

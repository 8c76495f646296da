"""`shop orders`: orders as an operator sees and changes them."""

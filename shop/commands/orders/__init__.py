"""`shop orders`: shows and changes orders for operators."""

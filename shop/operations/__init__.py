"""Checks for operators: the findings of `shop doctor`, and the checks before the shop starts."""

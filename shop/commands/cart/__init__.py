"""`shop cart`: inspects, exports, imports and migrates carts for operators."""

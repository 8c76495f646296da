"""`shop cart`: carts as an operator sees and moves them."""

"""Orders as their shoppers see them."""

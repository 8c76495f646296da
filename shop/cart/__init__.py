"""The cart: a pure model, and services that keep carts in memory, in Redis, or in both."""

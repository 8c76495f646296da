"""The cart: a pure model, and services that store carts in memory, in Redis, in SQL, or in several of these."""

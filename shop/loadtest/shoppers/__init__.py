"""The simulated shoppers."""

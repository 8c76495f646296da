"""Candles & scent: wax, smoke, oil and soap."""

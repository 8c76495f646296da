"""Lamps, candlesticks and a lantern, lit, in the evening."""

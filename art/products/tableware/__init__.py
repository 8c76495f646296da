"""Tableware: stoneware and glass, on warm paper."""

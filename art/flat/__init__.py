"""Flat drawings of the demo products: `python -m art.flat` writes them to static/img/products."""

"""Which values of an option have a colour to show."""

from __future__ import annotations

_KNOWN = frozenset({"chalk", "fog", "moss", "clay", "deep", "ochre", "honey"})
"""Those of static/css/shop/swatch.css."""


def swatch_of(value: str) -> str:
    """The class swatch--{…} of an option's value, 'moss' of 'Moss'; '' of one that is no colour we know."""
    name = value.casefold()
    return name if name in _KNOWN else ""

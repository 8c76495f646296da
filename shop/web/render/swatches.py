"""Maps option values to colour swatches."""

from __future__ import annotations

from shop.catalog.text import fold

_COLOURS = frozenset({"chalk", "fog", "moss", "clay", "deep", "ochre", "honey"})
"""The colours of static/css/shop/swatch.css."""
_COLOUR_OPTIONS = frozenset(map(fold, ("Colour", "Color", "Farbe", "لون", "اللون")))
"""The names of a colour option in each language of shop/locale."""


def swatch_of(option: str, value: str) -> str:
    """The suffix of the class swatch--{…} for an option's value: 'moss' for Colour: Moss; '' for unknown colours.

    Scent: Moss has none: only options named colour, in one of the shop's languages, have swatches.
    """
    name = value.casefold()
    return name if name in _COLOURS and fold(option) in _COLOUR_OPTIONS else ""

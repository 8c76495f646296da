"""Which values of an option have a colour to show."""

from __future__ import annotations

from shop.catalog.text import fold

_COLOURS = frozenset({"chalk", "fog", "moss", "clay", "deep", "ochre", "honey"})
"""Those of static/css/shop/swatch.css."""
_COLOUR_OPTIONS = frozenset(map(fold, ("Colour", "Color", "Farbe", "لون", "اللون")))
"""What an option of colours is called, in each language of shop/locale."""


def swatch_of(option: str, value: str) -> str:
    """The class swatch--{…} of an option's value, 'moss' of Colour: Moss; '' of one that is no colour we know.

    Scent: Moss has none: only an option that is called colour, in one of the shop's languages, has colours.
    """
    name = value.casefold()
    return name if name in _COLOURS and fold(option) in _COLOUR_OPTIONS else ""

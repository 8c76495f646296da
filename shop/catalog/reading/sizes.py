"""The order of sizes: 'S, M, L', '0.5 l, 1 l, 250 ml' by volume, '38, 40' as numbers. Pure."""

from __future__ import annotations

import re

from shop.catalog.text import fold

SizeKey = tuple[int, str, float]

_NAMED = (
    ("xxxs", "3xs"),
    ("xxs", "2xs"),
    ("xs", "extra small", "very small", "mini", "sehr klein"),
    ("s", "small", "klein", "صغير"),
    ("m", "medium", "regular", "mittel", "متوسط"),
    ("l", "large", "gross", "كبير"),
    ("xl", "extra large", "very large", "sehr gross"),
    ("xxl", "2xl"),
    ("xxxl", "3xl"),
    ("xxxxl", "4xl"),
    ("5xl",),
    ("6xl",),
    ("low", "short", "niedrig", "kurz"),
    ("tall", "high", "long", "hoch", "lang", "طويل"),
    ("one size", "onesize", "einheitsgrosse"),
)
_PLACES = {name: place for place, names in enumerate(_NAMED) for name in names}
_UNITS: dict[str, tuple[str, float]] = {
    "ml": ("l", 0.001),
    "cl": ("l", 0.01),
    "dl": ("l", 0.1),
    "l": ("l", 1),
    "mm": ("m", 0.001),
    "cm": ("m", 0.01),
    "m": ("m", 1),
    "in": ("m", 0.0254),
    '"': ("m", 0.0254),
    "mg": ("g", 0.001),
    "g": ("g", 1),
    "kg": ("g", 1000),
}
_MEASURED = re.compile(r"(?P<before>[^\d]*)(?P<number>\d+(?:[.,]\d+)?)(?P<after>.*)")
_UNIT = re.compile(r"[^\W\d_]+|\"")


def size_key(value: str) -> SizeKey | None:
    """The key by which sizes are in order; None for a value that is no size ('Moss')."""
    text = fold(value).strip()
    if text in _PLACES:
        return 0, "", _PLACES[text]
    found = _MEASURED.fullmatch(text)
    if found is None:
        return None
    unit = _UNIT.findall(found["after"])
    kind, scale = _UNITS.get(unit[-1], (unit[-1], 1.0)) if unit else ("", 1.0)
    return 1, found["before"].strip() + kind, float(found["number"].replace(",", ".")) * scale


def in_order_of_size(values: list[str]) -> list[str]:
    """The values with those that are sizes in order of size, before the others in their own order."""
    keys = {value: key for value in values if (key := size_key(value)) is not None}
    return [*sorted(keys, key=keys.__getitem__), *(value for value in values if value not in keys)]

"""The colour roles of the style sheet and their WCAG 2.x contrast, light and dark."""

from __future__ import annotations

import re

import msgspec

GROUNDS = ("paper", "surface", "sunk")
"""The roles that are backgrounds of text and controls."""
_ROLE = re.compile(r"--([a-z-]+): ?light-dark\((#[0-9A-F]{6}), ?(#[0-9A-F]{6})\)")


class Role(msgspec.Struct, frozen=True):
    """A colour role: its colours as '#RRGGBB', and its contrast on each of GROUNDS."""

    name: str
    light: str
    dark: str
    light_ratios: tuple[float, ...]
    dark_ratios: tuple[float, ...]


def roles(css: str) -> tuple[Role, ...]:
    """The roles that a style sheet defines as `--name: light-dark(#RRGGBB, #RRGGBB)`, in their order."""
    colours = {name: (light, dark) for name, light, dark in _ROLE.findall(css)}
    grounds = [colours[name] for name in GROUNDS]
    return tuple(
        Role(
            name,
            light,
            dark,
            tuple(contrast(light, ground) for ground, _ in grounds),
            tuple(contrast(dark, ground) for _, ground in grounds),
        )
        for name, (light, dark) in colours.items()
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours '#RRGGBB', 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

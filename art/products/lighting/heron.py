"""The Heron Floor Lamp: three oak legs, a brass hub, a linen shade; 45 cm across, 150 cm high."""

from __future__ import annotations

import math

from art.products.lighting import parts
from art.studio import materials, solids, stage
from art.studio.shots import shot

HUB = 112.0


@shot("heron-floor-lamp")
def lamp(_name: str) -> None:
    """The whole lamp, lit, a few books by its legs."""
    _lamp()
    _books()
    stage.camera((3, 0, 74), width=178, pitch=6)


@shot("heron-floor-lamp-detail")
def hub(_name: str) -> None:
    """Where three legs meet in the brass hub, below the shade."""
    _lamp()
    stage.camera((0, 0, HUB + 0.5), width=44, pitch=6, turn=18, aperture=3.5)


def _lamp() -> None:
    parts.evening(120)
    brass = materials.turned_brass()
    for third in range(3):
        _leg(math.radians(-72 + 120 * third))
    profile = [
        (0, -2.2),
        (3.4, -2.2, 0.3),
        (3.7, -1.6, 0.3),
        (3.7, 0.6, 0.3),
        (3.3, 1.2, 0.3),
        (1.2, 1.9, 0.6),
        (0.8, 3.2),
        (0.8, 14),
    ]
    solids.lathe([*profile, (0, 14)], brass, at=(0, 0, HUB))
    parts.shade((0, 0, HUB + 5.5), bottom=22.5, top=17.5, height=31, watts=38000)
    parts.cord([(0, 1, HUB - 2), (1, 2, 70), (4, 6, 20), (8, 10, 2), (18, 12, 0.5), (40, 4, 0.4)], radius=0.4)
    parts.cord([(40, 4, 0.4), (52, -2, 0.4), (70, 4, 0.4), (140, 30, 0.4)], radius=0.4)
    solids.lathe(
        [(0, 0), (3.6, 0, 0.3), (3.4, 2.2, 0.8), (0, 2.4)], materials.plain("#2B2723", rough=0.4), at=(42, 3, 0)
    )


def _leg(angle: float) -> None:
    """A turned leg, thickest below its middle, with a brass ferrule where it screws into the hub."""
    length, lean = 114.5, 10.4
    outline = [
        (0, 0),
        (1.0, 0, 0.2),
        (1.35, 12),
        (1.65, 45),
        (1.5, 80),
        (1.2, 106),
        (1.15, length - 4),
        (0, length - 4),
    ]
    foot = (21.6 * math.cos(angle), 21.6 * math.sin(angle), 0.3)
    turn = (0, -lean, math.degrees(angle))
    solids.lathe(outline, materials.oak("#CBA673", along="Z"), at=foot, turn=turn, segments=64)
    ferrule = [(1.2, length - 7), (1.32, length - 6.9), (1.32, length - 1), (0, length - 1)]
    solids.lathe(ferrule, materials.turned_brass(), at=foot, turn=turn, segments=64)


def _books() -> None:
    height = 0.0
    for width, depth, thick, colour, turn in (
        (24, 17, 2.6, "#5E6B57", 8), (21, 15, 3.4, "#B9A88C", -4), (19, 13, 2.0, "#8E5B45", 14),
    ):  # fmt: skip
        at = (-33, -2, height)
        solids.box(
            (width - 0.6, depth - 0.6, thick - 0.5),
            materials.paper(),
            at=(*at[:2], height + 0.25),
            turn=(0, 0, turn),
            edge=0.05,
        )
        for level in (0.0, thick - 0.3):
            solids.box(
                (width, depth, 0.3), materials.paper(colour), at=(*at[:2], height + level), turn=(0, 0, turn), edge=0.1
            )
        height += thick

"""Galley Towels: two linen tea towels, 50 × 70 cm, one with a blue stripe and one with a clay stripe."""

from __future__ import annotations

import math

from mathutils import noise

from art.products.textiles import fabric, hanging
from art.studio import drape, materials, solids, stage
from art.studio.shots import shot

RAIL = 52.0
ROD = 0.95
STRIPES = {"deep": -15.5, "clay": 15.5}
"""Where each towel hangs on the rail."""
BANDS = tuple(
    sorted(
        (side * 28 + low, side * 28 + high) for side in (-1, 1) for low, high in ((-2.6, -2.1), (-1.5, 1.5), (2.1, 2.6))
    )
)


@shot("galley-towels")
def towels(_name: str) -> None:
    """Both towels over a brass rail before the wall."""
    _scene()
    stage.camera((0, 0, 35.5), width=84, pitch=8)


@shot("galley-towels-detail")
def stripe(_name: str) -> None:
    """The stripe, the hem and the weave from near."""
    _scene()
    stage.camera((-13, -4, 18), width=27, pitch=12, turn=-16, aperture=4)


def _scene() -> None:
    hanging.wall(66, behind=7)
    brass = materials.turned_brass()
    solids.lathe([(0, 0), (0.75, 0, 0.1), (0.75, 68, 0.1), (0, 68)], brass, at=(-34, 0, RAIL), turn=(0, 90, 0))
    for x in (-32, 32):
        solids.lathe(
            [(0, 0), (2.0, 0), (2.0, 0.4, 0.15), (0.7, 0.9, 0.3), (0.7, 7.4), (1.0, 7.6, 0.2), (0, 8)],
            brass,
            at=(x, 7, RAIL),
            turn=(90, 0, 0),
        )
    for x in (-34, 34):
        solids.lathe(
            [(0, -1), (0.9, -0.8, 0.3), (1.15, 0, 0.4), (0.9, 0.8, 0.3), (0, 1)],
            brass,
            at=(x, 0, RAIL),
            turn=(0, 90, 0),
        )
    for colour, middle in STRIPES.items():
        tones = fabric.dyed("chalk")
        cloth = fabric.linen(**tones, stripe=fabric.COLOURS[colour][0], bands=BANDS, threads=7, hem=(25, 35, 0.9))
        _hung(0.6 if middle < 0 else 2.9).solid(cloth, thick=0.12, at=(middle, 0, 0))


def _hung(phase: float) -> drape.Sheet:
    """A towel over the rail, 41 cm of it to the front, its folds deeper the lower they hang."""

    def place(x: float, y: float) -> tuple[float, float, float]:
        way = y - 6.0
        bend = math.pi * ROD / 2
        below = max(0.0, abs(way) - bend)
        angle = max(-1.0, min(1.0, way / bend)) * math.pi / 2
        deep = min(1.0, below / 38)
        at = x + 1.6 * deep * math.sin(below / 19 + phase)
        fold = math.sin(at * 0.62 + phase) + 0.6 * math.sin(at * 1.05 + 2.3 * phase) + 0.25 * math.sin(at * 2.3 - phase)
        out = (0.16 + 1.15 * deep**0.8) * (1.7 + fold) * 0.62
        ripple = 0.05 * noise.noise((x / 3, way / 5, phase)) * 3
        share = 0.57 + 0.05 * deep
        side = math.sin(angle)
        return (
            x * share,
            (ROD + out) * side + ripple,
            RAIL - below + ROD * math.cos(angle) + 0.16 * abs(math.cos(angle)),
        )

    return drape.sheet(50, 70, place, cell=0.6)

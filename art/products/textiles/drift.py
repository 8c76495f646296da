"""The Drift Throw: brushed wool, 130 × 180 cm, a light stripe near each end, a fringe knotted by twos."""

from __future__ import annotations

import math
from functools import cache

import bpy

from art.products.textiles import fabric, hanging
from art.studio import drape, materials, solids, stage
from art.studio.shots import shot

RAIL = 112.0
"""The height of the rail it hangs over."""
BANDS = tuple((side * 68 - 1.6 + step, side * 68 + step) for side in (-1, 1) for step in (-3.2, 0.0, 3.2))


@shot("drift-throw-fog", "drift-throw-moss", "drift-throw-clay")
def throw(name: str) -> None:
    """The throw over an oak rail, half its length to the front."""
    _scene(name.rsplit("-", 1)[1])
    stage.camera((0, 0, 72), width=140, pitch=8)


@shot("drift-throw-detail")
def fringe(_name: str) -> None:
    """The stripe and the knotted fringe."""
    _scene("fog")
    stage.camera((-12, -4, 27), width=44, pitch=10, turn=-18, aperture=4)


def _scene(colour: str) -> None:
    hung = _hung()
    hanging.wall(110, behind=14)
    solids.lathe(
        [(0, 0), (1.9, 0, 0.2), (1.9, 240, 0.2), (0, 240)],
        materials.oak(along="Z"),
        at=(-120, 0, RAIL),
        turn=(0, 90, 0),
    )
    tones = fabric.dyed(colour)
    hung.solid(fabric.wool(**tones, bands=BANDS, stripe="#E9E2D3"), thick=0.45)
    yarn = materials.wool(tones["colour"])
    ends = [place for place, flat in zip(hung.vertices, hung.flat, strict=True) if abs(flat[1]) > 89.9]
    for index in range(len(ends) - 1):
        _tassel(ends[index], yarn, index)


def _tassel(at: tuple[float, ...], yarn: bpy.types.Material, index: int) -> None:
    """Two strands knotted to one, none hanging quite straight."""
    x, y, z = at
    sway = math.sin(index * 12.9) * 0.5
    path = [
        (x, y, z + 0.3),
        (x + sway * 0.2, y, z - 2),
        (x + sway * 0.6, y + 0.2, z - 5),
        (x + sway, y, z - 8.2 + sway * 0.4),
    ]
    solids.tube(path, lambda way: 0.3 + 0.1 * way, yarn, steps=4)
    solids.lathe(
        [(0, -0.5), (0.42, -0.35, 0.2), (0.5, 0, 0.3), (0.42, 0.35, 0.2), (0, 0.5)],
        yarn,
        at=(x, y, z - 1.2),
        segments=12,
    )


@cache
def _hung() -> drape.Sheet:
    """Gathered, laid over the rail and let go."""
    stage.clear()
    rail = solids.lathe(
        [(0, 0), (1.9, 0), (1.9, 240), (0, 240)],
        materials.plain("#FFFFFF"),
        at=(-120, 0, RAIL),
        turn=(0, 90, 0),
        segments=24,
    )
    folds = hanging.gathered(0.62, ((2.3, 21, 0.4), (1.3, 34, 1.9), (0.7, 12, 0.7)))

    def place(x: float, y: float) -> tuple[float, float, float]:
        across, along, rise = folds(x, y)
        return across, along, RAIL + 6 + rise

    return drape.fallen(
        drape.sheet(130, 180, place, cell=1.8), [rail], frames=75, bending=2.0, weight=0.45, friction=80, gap=0.5
    )

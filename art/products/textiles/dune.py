"""The Dune Cushion: washed linen, 50 × 50 cm, a row of stitching a finger from the edge."""

from __future__ import annotations

import math
from functools import cache

from art.products.textiles import fabric, hanging
from art.studio import drape, stage
from art.studio.shots import shot


@shot("dune-cushion-chalk", "dune-cushion-ochre", "dune-cushion-deep")
def cushion(name: str) -> None:
    """The cushion on its edge, leaning back a little."""
    _scene(name.rsplit("-", 1)[1])
    stage.camera((0, 0, 22.5), width=70, pitch=12)


@shot("dune-cushion-detail")
def stitching(_name: str) -> None:
    """A corner: the seam, the row of stitching, the slubs of the linen."""
    _scene("ochre")
    stage.camera((15, 0, 37), width=25, pitch=12, turn=14, aperture=4)


def _scene(colour: str) -> None:
    cover = _blown()
    stage.clear()
    stage.sweep(hanging.DARKER if colour == "chalk" else hanging.PAPER)
    stage.daylight(50)
    lean = math.radians(72)
    lowest = min(y * math.sin(lean) + z * math.cos(lean) for _, y, z in cover.vertices)
    linen = fabric.linen(**fabric.dyed(colour), hem=(25, 25, 1.9), threads=6)
    cover.solid(linen, at=(0, 4, -lowest), turn=(72, 0, 12), thick=0.1)


@cache
def _blown() -> drape.Sheet:
    stage.clear()
    return drape.fallen(_cover(50, 1.0), frames=45, pressure=0.030, bending=8.0, gravity=0)


def _cover(width: float, cell: float) -> drape.Sheet:
    """Two squares joined along a flat seam, a little apart in the middle so that they can be filled."""
    count = round(width / cell)
    half = width / 2
    places = [
        (width * (i / count) - half, width * (j / count) - half) for i in range(count + 1) for j in range(count + 1)
    ]
    rise = [
        0.6 * (math.cos(math.pi * x / width) * math.cos(math.pi * y / width)) ** 0.3
        if max(abs(x), abs(y)) < half - 0.01
        else 0
        for x, y in places
    ]
    front = [(x, y, z) for (x, y), z in zip(places, rise, strict=True)]
    row = count + 1
    inner = {k: len(front) + n for n, k in enumerate(k for k, z in enumerate(rise) if z)}
    back = [(places[k][0], places[k][1], -rise[k]) for k in inner]
    quads = [
        (i * row + j, (i + 1) * row + j, (i + 1) * row + j + 1, i * row + j + 1)
        for i in range(count)
        for j in range(count)
    ]
    behind = [tuple(inner.get(k, k) for k in reversed(quad)) for quad in quads]
    return drape.Sheet([*front, *back], [*quads, *behind], [*places, *(places[k] for k in inner)])

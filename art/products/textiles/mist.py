"""The Mist Tablecloth: undyed linen, 140 × 240 cm, over a table of 100 × 200 cm."""

from __future__ import annotations

import math
from functools import cache

from mathutils import noise

from art.products.textiles import fabric
from art.studio import drape, materials, solids, stage
from art.studio.shots import shot

TOP = 75.0


@shot("mist-tablecloth")
def table(_name: str) -> None:
    """The corner of the table, the cloth hanging in soft folds, a grey bowl on it."""
    _table()
    stage.camera((77, -42, 62), width=108, pitch=17, turn=36)


@shot("mist-tablecloth-detail")
def corner(_name: str) -> None:
    """Where two sides meet: the fold at the corner, the hem, the weave."""
    _table()
    stage.camera((97, -49, 66), width=46, pitch=12, turn=40, aperture=4)


def _table() -> None:
    cloth = _fallen()
    stage.clear()
    stage.sweep(stage.BACKDROPS["textiles"], size=900)
    stage.daylight(110)
    _oak_table()
    cloth.solid(fabric.linen(**fabric.dyed("undyed"), crease=0.8, hem=(120, 70, 2.5)), thick=0.14)
    _bowl()


def _oak_table() -> None:
    legs = materials.oak("#B08A5C", along="Z", scale=0.5)
    solids.box((200, 100, 3), materials.oak("#B08A5C", along="X"), at=(0, 0, TOP - 3), edge=0.5)
    for x in (-92, 92):
        for y in (-42, 42):
            solids.lathe([(0, 0), (2.2, 0, 0.3), (3.4, TOP - 3), (0, TOP - 3)], legs, at=(x, y, 0))


def _bowl() -> None:
    outside = solids.flowing([(3.2, 0.0), (4.0, 0.3), (6.8, 2.6), (8.3, 6.2)])
    glaze = materials.glaze("fog")
    solids.lathe(solids.walled(outside, 0.4, floor=0.6), glaze, at=(76, -18, TOP + 0.9))


@cache
def _fallen() -> drape.Sheet:
    stage.clear()
    top = solids.box((200, 100, 3), materials.plain("#FFFFFF"), at=(0, 0, TOP - 3), edge=0.8)
    flat = drape.sheet(240, 140, lambda x, y: (x, y, TOP + 0.6), cell=2.2)
    fallen = drape.fallen(flat, [top], frames=44, gap=0.5)
    return drape.Sheet(
        [_waved(*both) for both in zip(fallen.vertices, fallen.flat, strict=True)], fallen.faces, fallen.flat
    )


def _waved(place: drape.Point, flat: tuple[float, float]) -> drape.Point:
    """What hangs swings in and out along the side, more the lower it is; what lies on the table keeps a faint wave."""
    x, y, z = place
    over = abs(flat[0]) - 100, abs(flat[1]) - 50
    swing = max(0.0, TOP - 1 - z) / 20
    if max(over) <= 0:
        return x, y, z + 0.15 * noise.noise((x / 9, y / 9, 0))
    if min(over) > 0:
        return x, y, z
    along = x if over[1] > 0 else y
    fade = min(1.0, -min(over) / 14)
    wave = math.sin(along / 3.6 + 1.1 * math.sin(along / 11)) + 0.6 * math.sin(along / 6.1 + 1.0)
    out = fade * swing**0.8 * (2.6 + 2.2 * wave)
    if over[1] > 0:
        return x, math.copysign(max(abs(y) * (1 - fade), 50.5 + out), y), z
    return math.copysign(max(abs(x) * (1 - fade), 100.5 + out), x), y, z

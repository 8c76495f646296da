"""Evening Tapers: six dipped candles, joined in pairs by the wick."""

from __future__ import annotations

import math

import bpy

from art.studio import materials, room, solids, stage, wood
from art.studio.shots import shot

LONG, THICK = 24.0, 1.1
COLOURS = {"honey": "#C98B2E", "chalk": "#E9DFC8", "deep": "#24394A"}
HEAP = [(-2.24, 1.1), (0.0, 1.1), (2.24, 1.1), (-1.12, 3.02), (1.12, 3.02), (0.0, 4.94)]
"""Six in a heap, as (y, z): the pairs are the neighbours in this list."""


@shot("evening-tapers-honey", "evening-tapers-chalk", "evening-tapers-deep")
def bundle(name: str) -> None:
    """Six in a linen band, lying, their wicks to the front."""
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(24)
    wax = beeswax(COLOURS[name.removeprefix("evening-tapers-")])
    pieces = [_lying(y, z, wax) for y, z in HEAP]
    pieces += [_wick(HEAP[i], HEAP[i + 1]) for i in (0, 2, 4)]
    solids.together(*pieces, *_band(), turn=(0, 0, -52))
    stage.camera((0.4, 0.2, 2.4), width=27.5, pitch=27)


@shot("evening-tapers-detail")
def hanging(_name: str) -> None:
    """Three pairs over an oak peg, one of each colour, as they hang to dry."""
    room.wall(stage.BACKDROPS["scent"])
    stage.daylight(34)
    wood_ = wood.timber(along="Z", heart=(1, -3))
    solids.lathe([(0, -20), (0.85, -20, 0.2), (0.85, 20, 0.2), (0, 20)], wood_, at=(0, -6, 10), turn=(0, 90, 0))
    for x, colour in ((-7.0, "chalk"), (0.0, "honey"), (7.0, "deep")):
        _pair(x, beeswax(COLOURS[colour]))
    stage.camera((0, -6, -2.4), width=37, pitch=6, turn=-16)


def _pair(x: float, wax: bpy.types.Material) -> None:
    for side in (-1, 1):
        solids.displaced(
            solids.lathe(_dipped(), wax, at=(x - 0.8 * side, -6 + side * 1.1, 6.2 - LONG + 0.25 * side)), 0.04, 2
        )
    arch = [(x, -6 + 1.05 * math.cos(a), 10.1 + 1.05 * math.sin(a)) for a in (math.pi * i / 12 for i in range(13))]
    cotton = [(x + 0.8, -7.1, 5.6), (x + 0.3, -7.1, 8.4), *reversed(arch), (x - 0.3, -4.9, 8.4), (x - 0.8, -4.9, 6.1)]
    solids.tube(cotton, 0.13, string())


def _dipped() -> list[tuple[float, float]]:
    """A taper standing: what ran down has made the foot a little thicker and round."""
    low = [(0, -0.12), (0.5, -0.05), (0.95, 0.25), (THICK, 0.8), (THICK * 0.99, 4)]
    high = [(0.97, 12), (0.82, 20), (0.72, 22.4), (0.52, 23.3), (0.24, 23.9), (0.12, 24.6)]
    return [(max(0.0, radius), height) for radius, height in solids.flowing([*low, *high])]


def _lying(y: float, z: float, wax: bpy.types.Material) -> bpy.types.Object:
    thing = solids.lathe(_dipped(), wax, at=(-LONG / 2, y, z), turn=(0, 90, 0))
    return solids.displaced(thing, 0.04, 2)


def _wick(first: tuple[float, float], second: tuple[float, float]) -> bpy.types.Object:
    """The loop of cotton from one taper to the other of its pair; it hangs a little."""
    (y0, z0), (y1, z1) = first, second
    out = [(0.4, 0.0), (1.6, -0.1), (3.0, -0.5), (4.0, -1.1)]
    there = [(LONG / 2 + x, y0 + (y1 - y0) * 0.06 * i, max(0.14, z0 + drop)) for i, (x, drop) in enumerate(out)]
    back = [(LONG / 2 + x, y1 - (y1 - y0) * 0.06 * i, max(0.14, z1 + drop)) for i, (x, drop) in enumerate(out)]
    middle = (LONG / 2 + 4.4, (y0 + y1) / 2, max(0.14, min(z0, z1) - 1.3))
    return solids.tube([*there, middle, *reversed(back)], 0.12, string())


def _band() -> list[bpy.types.Object]:
    """A strip of linen around the heap, its end folded over."""
    hull = THICK + 0.1
    corners = [((-2.24, 1.1), 150, 270), ((2.24, 1.1), 270, 390), ((0.0, 4.94), 30, 150)]
    ring = [p for (y, z), start, end in corners for p in wood.arc(y, z, hull, start, end, 14)]
    cloth = materials.linen("#D9CDB6", threads=8)
    rows = 24
    rings = [
        [(-3.4 + 5.2 * j / rows, y + 0.02 * math.sin(j), max(0.02, z)) for y, z in [*ring, ring[0]]]
        for j in range(rows + 1)
    ]
    count = len(rings[0])
    faces = [
        (j * count + i, j * count + i + 1, (j + 1) * count + i + 1, (j + 1) * count + i)
        for j in range(rows)
        for i in range(count - 1)
    ]
    strip = solids.solid([point for line in rings for point in line], faces, cloth)
    thick = strip.modifiers.new("thickness", "SOLIDIFY")
    thick.thickness, thick.offset = 0.13, 1
    return [strip]


def beeswax(colour: str) -> bpy.types.Material:
    """Dipped wax: a soft shine, a bloom where the air has been at it."""
    recipe = materials.Recipe(f"beeswax {colour}", colour, Subsurface_Weight=0.25, Subsurface_Scale=0.5)
    bloom = recipe.noise(0.7, recipe.stretched(1, 1, 0.4), detail=5)
    pale = recipe.mix(recipe.between(bloom, 0, 0.06, 0.45, 0.7), colour, "#F3EBDD")
    recipe.set(Base_Color=pale, Roughness=recipe.between(bloom, 0.34, 0.52), Subsurface_Radius=(1.0, 0.6, 0.3))
    recipe.set(Normal=recipe.bump(recipe.noise(1.2, recipe.stretched(1, 1, 0.35)), 0.12, 0.06))
    return recipe.material


def string() -> bpy.types.Material:
    """Braided cotton."""
    recipe = materials.Recipe("cotton", "#E6DCC6", Roughness=0.95)
    recipe.set(Normal=recipe.bump(recipe.noise(16), 0.8, 0.05))
    return recipe.material

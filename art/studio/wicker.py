"""Willow, woven: stakes, weavers in front of one and behind the next, waling, a rolled border."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import bpy

from art.studio import materials, solids
from art.studio.solids import Point

Side = Callable[[float], float]
"""The radius of a basket at a height."""


def willow(tone: str = "#8A6038") -> bpy.types.Material:
    """Peeled willow, steamed brown: every rod its own shade, a dull shine, darker where it was joined to its root."""
    recipe = materials.Recipe("willow", tone, Specular_IOR_Level=0.4)
    own = recipe.add("ShaderNodeObjectInfo").outputs["Random"]
    shade = recipe.ramp(own, (0.0, "#5F4329"), (0.35, "#775637"), (0.7, "#896A46"), (1.0, "#9C8059"))
    along = recipe.noise(0.16, detail=4)
    streaks = recipe.noise(5, recipe.stretched(1, 1, 3), detail=5)
    colour = recipe.mix(recipe.between(along, 0, 0.65, 0.42, 0.68), shade, "#5F422A")
    recipe.set(Base_Color=recipe.mix(recipe.between(streaks, 0, 0.4, 0.5, 0.7), colour, "#45301F"))
    recipe.set(Roughness=recipe.between(streaks, 0.42, 0.6), Normal=recipe.bump(streaks, 0.25, 0.03))
    return recipe.material


def basket(side: Side, height: float, *, rod: float = 0.32, gap: float = 2.4, seed: int = 1) -> int:
    """A round basket on z = 0 with straight stakes about `gap` apart; answers how many there are (an odd number)."""
    chance, stuff = random.Random(seed), willow()
    stakes = int(2 * math.pi * side(height) / gap) // 2 * 2 + 1
    _bottom(side(0) - 0.2, stuff)
    for stake in range(stakes):
        angle = 2 * math.pi * stake / stakes
        path = [(*_around(side(z), angle), z) for z in (height * i / 8 for i in range(9))]
        solids.tube(path, rod * 1.15, stuff, steps=4)
    rise, z, row = rod * 1.72, rod, 0
    waled = (3, 3)
    while z < height - rod:
        left = (height - rod - z) / rise
        wale = row < waled[0] or left < waled[1]
        _row(side(z), z, stakes, rod * (1.12 if wale else 1.0), row, chance, stuff, span=3 if wale else 2)
        z, row = z + rise * (1.12 if wale else 1), row + 1
    border(side(height), height + rod * 0.8, stakes, rod * 1.35, stuff)
    return stakes


def _row(
    radius: float,
    z: float,
    stakes: int,
    rod: float,
    row: int,
    chance: random.Random,
    stuff: bpy.types.Material,
    *,
    span: int,
) -> None:
    """One round of a weaver: before every `span`th stake and behind the others, or turn about."""
    swing, lean = rod * 1.75, chance.uniform(0, 2 * math.pi)
    path = []
    for half in range(2 * stakes):
        place = half / 2
        wave = math.cos(math.pi * (place + row)) if span == 2 else math.cos(2 * math.pi * (place + row) / 3)
        angle = 2 * math.pi * place / stakes
        up = z + 0.06 * math.sin(angle * 2 + lean) + chance.gauss(0, 0.035) * rod / 0.32
        path.append((*_around(radius + swing * wave + chance.gauss(0, 0.04), angle), up))
    thick = [rod * (1 + 0.12 * math.sin(lean + 9 * i) + chance.uniform(-0.05, 0.05)) for i in range(24)]
    solids.tube(path, lambda way: thick[int(way * 23.99)], stuff, closed=True, steps=3)


def border(radius: float, z: float, stakes: int, rod: float, stuff: bpy.types.Material, *, strands: int = 4) -> None:
    """Rods rolled around each other along the rim."""
    turns = stakes // 3
    for strand in range(strands):
        path = []
        for i in range(turns * 12):
            angle = 2 * math.pi * i / (turns * 12)
            roll = turns * angle + 2 * math.pi * strand / strands
            reach = radius + rod * 1.2 * math.cos(roll)
            path.append((*_around(reach, angle), z + rod * 1.2 * math.sin(roll)))
        solids.tube(path, rod, stuff, closed=True, steps=3)


def rope(
    path: Callable[[float], Point], stuff: bpy.types.Material, *, rod: float, turns: int, strands: int = 5
) -> None:
    """Rods twisted around a line in the x-z plane: a handle. `path` gives its points from 0 to 1."""
    for strand in range(strands):
        points = []
        for i in range(turns * 10 + 1):
            way = i / (turns * 10)
            here, ahead = path(way), path(min(1, way + 0.004))
            back = path(max(0, way - 0.004))
            dx, dz = ahead[0] - back[0], ahead[2] - back[2]
            size = math.hypot(dx, dz) or 1
            roll = 2 * math.pi * (turns * way + strand / strands)
            out, side = rod * 1.35 * math.cos(roll), rod * 1.35 * math.sin(roll)
            points.append((here[0] - dz / size * out, here[1] + side, here[2] + dx / size * out))
        solids.tube(points, rod, stuff, steps=3)


def _bottom(radius: float, stuff: bpy.types.Material) -> None:
    spokes, rod = 17, 0.26
    for spoke in range(spokes):
        angle = 2 * math.pi * spoke / spokes
        solids.tube([(0, 0, 0.5), (*_around(radius, angle), 0.5)], rod, stuff)
    for ring in range(1, int(radius / (rod * 2))):
        path = [
            (*_around(ring * rod * 2, math.pi * half / spokes), 0.5 + rod * 1.3 * math.cos(math.pi * (half / 2 + ring)))
            for half in range(2 * spokes)
        ]
        solids.tube(path, rod, stuff, closed=True, steps=3)


def _around(radius: float, angle: float) -> tuple[float, float]:
    return radius * math.cos(angle), radius * math.sin(angle)

"""A corner of a room, for what leans on a wall or hangs on it."""

from __future__ import annotations

import math

import bpy

from art.studio import materials
from art.studio.solids import Point, solid


def corner(colour: str, *, back: float, bend: float = 0.8, size: float = 400) -> None:
    """A table that turns up into a plastered wall at y = `back`, with a cove of `bend` centimetres."""
    profile: list[Point] = [(-size, 0.0)]
    profile += [
        (back - bend + bend * math.sin(a), bend - bend * math.cos(a))
        for a in (math.pi / 2 * step / 16 for step in range(17))
    ]
    _drawn_out([*profile, (back, size)], plaster(colour), size)


def wall(colour: str, *, size: float = 600) -> None:
    """A plastered wall at y = 0, and nothing below."""
    _drawn_out([(0, -size), (0, size)], plaster(colour), size)


def plaster(colour: str) -> bpy.types.Material:
    """Painted plaster: matt, trowelled by hand."""
    recipe = materials.Recipe(f"plaster {colour}", colour, Roughness=0.95, Specular_IOR_Level=0.15)
    trowelled = recipe.noise(0.12, detail=6, rough=0.55)
    recipe.set(Normal=recipe.bump(trowelled, 0.25, 0.25, recipe.bump(recipe.noise(4, detail=5), 0.12, 0.02)))
    return recipe.material


def _drawn_out(profile: list[Point], material: bpy.types.Material, size: float) -> None:
    vertices = [(x, y, z) for y, z in profile for x in (-size, size)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(profile) - 1)]
    solid(vertices, faces, material)

"""What lies in a round heap: dough, an egg, salt in a pot, coffee in a cup."""

from __future__ import annotations

import math
from collections.abc import Callable

import bpy

from art.studio.solids import Point, placed, solid


def spread(
    reach: Callable[[float], float],
    height: Callable[[float, float], float],
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    rings: int = 36,
    around: int = 180,
) -> bpy.types.Object:
    """A round sheet.

    `reach` is how far it goes at an angle (radians), `height` its top at an angle and a share (0 to 1) of the way out.
    """
    vertices = [
        (reach(a) * share * math.cos(a), reach(a) * share * math.sin(a), height(a, share))
        for share in (i / rings for i in range(rings + 1))
        for a in (2 * math.pi * j / around for j in range(around))
    ]
    faces = [
        (i * around + j, i * around + (j + 1) % around, (i + 1) * around + (j + 1) % around, (i + 1) * around + j)
        for i in range(rings)
        for j in range(around)
    ]
    return solid(vertices, faces, material, at=at, merge=0.001)


def strewn(
    first: bpy.types.Object, places: list[Point], turns: list[Point], scales: list[float]
) -> list[bpy.types.Object]:
    """Copies of a thing, each at its place; they share one mesh."""
    copies = []
    for place, turn, scale in zip(places, turns, scales, strict=True):
        copy = first.copy()
        copy.scale = [scale] * 3
        bpy.context.collection.objects.link(copy)
        copies.append(placed(copy, place, turn))
    return copies

"""A wall to hang things before, gathered cloth to hang there, and ribbons: straps, loops, a bow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
from mathutils import Vector

from art.studio import drape, materials, solids, stage
from art.studio.solids import Point

PAPER = stage.BACKDROPS["textiles"]
DARKER = "#B4AA9B"
"""The paper under what is nearly as pale as the other one."""


def wall(reach: float, *, behind: float, strength: float = 1.0) -> None:
    """An empty stage before a plain wall that stands `behind` the middle."""
    stage.clear()
    solids.box((reach * 12, 2, reach * 8), materials.plain(PAPER), at=(0, behind + 1, -reach * 3), edge=0)
    stage.daylight(reach, strength=strength)


def gathered(share: float, waves: Sequence[tuple[float, float, float]]) -> drape.Place:
    """Cloth pushed together to a share of its width; waves are (height, length, phase) in centimetres and radians."""

    def place(x: float, y: float) -> Point:
        rise = sum(
            height * math.sin(2 * math.pi * x / length + phase + 0.4 * math.sin(y / 17 + phase))
            for height, length, phase in waves
        )
        return x * share, y, rise

    return place


def ribbon(
    path: Sequence[Point], width: float, material: bpy.types.Material, *, side: Point = (1, 0, 0), thick: float = 0.12
) -> bpy.types.Object:
    """A band along a smooth path; `side` is the way across it, the same all along."""
    points = _smooth([Vector(point) for point in path])
    across = Vector(side).normalized()
    vertices: list[Point] = []
    flat: list[tuple[float, float]] = []
    length = 0.0
    for index, point in enumerate(points):
        ahead = points[min(index + 1, len(points) - 1)] - points[max(index - 1, 0)]
        way = (across - ahead * (across.dot(ahead) / max(ahead.length_squared, 1e-9))).normalized()
        length += (point - points[max(index - 1, 0)]).length
        for share in (-0.5, -0.25, 0, 0.25, 0.5):
            vertices.append(tuple(point + way * width * share))
            flat.append((width * share, length))
    faces = [
        (row * 5 + i, row * 5 + i + 1, (row + 1) * 5 + i + 1, (row + 1) * 5 + i)
        for row in range(len(points) - 1)
        for i in range(4)
    ]
    return drape.Sheet(vertices, faces, flat).solid(material, thick=thick)


def _smooth(path: list[Vector], steps: int = 10) -> list[Vector]:
    ends = [path[0] * 2 - path[1], *path, path[-1] * 2 - path[-2]]
    curve = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            t = step / steps
            curve.append(
                0.5
                * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - 3 * p2 + p3 - p0) * t**3)
            )
    return [*curve, path[-1]]

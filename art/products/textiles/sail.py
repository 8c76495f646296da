"""Sail Napkins: four of linen, 45 × 45 cm with mitred corners, folded in four and tied with a linen ribbon."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

import bpy
from mathutils import noise

from art.products.textiles import fabric, hanging
from art.studio import drape, stage
from art.studio.shots import shot

LAYER = 0.24
"""From one layer of a fold to the next."""


@shot("sail-napkins-chalk", "sail-napkins-clay", "sail-napkins-moss")
def napkins(name: str) -> None:
    """Four folded napkins in a stack, tied."""
    _scene(name.rsplit("-", 1)[1])
    stage.camera((0, -1, 2.6), width=35, pitch=30, turn=-28)


@shot("sail-napkins-detail")
def folds(_name: str) -> None:
    """The folds and the bow from near."""
    _scene("moss")
    stage.camera((2, -7, 3.4), width=17, pitch=24, turn=-36, aperture=3)


def _scene(colour: str) -> None:
    stage.sweep(hanging.DARKER if colour == "chalk" else hanging.PAPER)
    stage.daylight(24, strength=0.85)
    cloth = fabric.linen(**fabric.dyed(colour), threads=7, weave=0.6, crease=0.35)
    for index in range(4):
        _napkin(cloth, level=0.15 + index * 4.3 * LAYER, seed=index * 7.3, turn=(1.5, -2.0, 0.8, -1.2)[index])
    _tied(fabric.linen(**fabric.dyed("undyed"), threads=7), height=0.3 + 4 * 4.3 * LAYER)


def _napkin(cloth: bpy.types.Material, *, level: float, seed: float, turn: float) -> None:
    """Folded in four: two layers, one around the other, their fold to the front."""
    for inner in (0, 1):
        rows = _fold(10.9 - inner * 0.35, (1.5 - inner) * LAYER, 1.5 * LAYER)
        lengths = list(accumulate((math.dist(*pair) for pair in pairwise(rows)), initial=0.0))
        columns = [22.0 * (i / 70 - 0.5) for i in range(71)]
        vertices, flat = [], []
        for x in columns:
            for way, (y, z) in enumerate(rows):
                push = noise.noise((x * 0.16, y * 0.16, seed)) * 0.16 + noise.noise((x * 0.5, y * 0.5, seed)) * 0.04
                front = max(0.0, -y - 8) / 3
                vertices.append((x + 0.15 * noise.noise((y * 0.2, seed, 1)), y + push * 1.6, z + push * (0.5 + front)))
                flat.append((x, lengths[way]))
        row = len(rows)
        faces = [
            (i * row + j, (i + 1) * row + j, (i + 1) * row + j + 1, i * row + j + 1)
            for i in range(70)
            for j in range(row - 1)
        ]
        drape.Sheet(vertices, faces, flat).solid(cloth, thick=0.16, at=(0, 0, level), turn=(0, 0, turn))


def _fold(reach: float, radius: float, middle: float) -> list[tuple[float, float]]:
    """(y, z) from the lower back edge around the front fold to the upper back edge."""
    low = [(reach - 0.5 * i, middle - radius) for i in range(round(reach * 4) - 1)]
    turn = [
        (-reach - radius * math.sin(a), middle - radius * math.cos(a)) for a in (math.pi * i / 12 for i in range(13))
    ]
    return [*low, *turn, *((y, middle + radius) for y, _ in reversed(low))]


def _tied(linen: bpy.types.Material, *, height: float) -> None:
    """A band around the stack and a bow on it."""
    top, reach = height + 0.14, 11.5
    band = [
        (0, -reach + 0.2, 0.1),
        (0, -reach - 0.25, 0.5),
        (0, -reach - 0.3, top * 0.5),
        (0, -reach - 0.15, top - 0.35),
        (0, -reach + 0.7, top + 0.03),
    ]
    hanging.ribbon(
        [*band, (0, -4, top), (0, 4, top), (0, reach - 0.8, top), (0, reach - 0.35, top - 0.5), (0, reach - 0.3, 0.1)],
        1.5,
        linen,
    )
    knot = [
        (0, -6.3, top + 0.1),
        (0, -6.1, top + 0.75),
        (0, -5.2, top + 0.9),
        (0, -4.3, top + 0.75),
        (0, -4.1, top + 0.1),
    ]
    hanging.ribbon(knot, 1.25, linen)
    for side in (-1, 1):
        loop = [
            (0.3, -5.2, 0.35),
            (2.2, -4.6, 1.5),
            (4.4, -4.2, 1.75),
            (5.3, -4.3, 1.0),
            (4.3, -4.5, 0.32),
            (2.2, -4.9, 0.2),
            (0.3, -5.2, 0.3),
        ]
        hanging.ribbon([(side * x, y, top + z) for x, y, z in loop], 1.4, linen, side=(0.1 * side, 1, 0.1))
        tail = [(0.3, -5.3, 0.5), (1.8, -6.4, 0.55), (3.2, -8.0, 0.2), (4.6 + 0.5 * side, -9.6, 0.12)]
        hanging.ribbon([(side * x, y, top + z) for x, y, z in tail], 1.4, linen, side=(side, 1, 0))

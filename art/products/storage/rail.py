"""The Mooring Rail: oak on a wall, five brass pegs, a linen bag on one of them."""

from __future__ import annotations

import math

import bpy

from art.studio import materials, room, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point

PEGS = (-24.0, -12.0, 0.0, 12.0, 24.0)


@shot("mooring-rail")
def on_the_wall(_name: str) -> None:
    """The rail across the picture, the bag on its second peg."""
    room.wall(stage.BACKDROPS["storage"])
    stage.daylight(58, strength=1.3)
    rail()
    bag(PEGS[1])
    stage.camera((0, 0, -14.5), width=73, pitch=4, turn=-14)


@shot("mooring-rail-detail")
def peg(_name: str) -> None:
    """Two pegs, close."""
    room.wall(stage.BACKDROPS["storage"])
    stage.daylight(26, strength=1.3)
    rail()
    stage.camera((18, -2, 0), width=23, pitch=12, turn=-34, focus=(13, -5, 0), aperture=5)


def rail() -> None:
    """60 × 9 × 6 cm with the pegs; its middle is where the axes meet."""
    oak = wood.timber(heart=(3, -11), tilt=1.4)
    wood.plate([wood.oblong(60, 9, 1.2)], 2.2, oak, turn=(90, 0, 0), edge=0.3)
    metal = materials.turned_brass()
    foot = [(0, 0), (1.15, 0), (1.15, 0.25, 0.1), (0.62, 0.5, 0.25), (0.58, 2.2, 0.5)]
    knob = [(0.8, 2.75, 0.4), (1.35, 2.95, 0.2), (1.5, 3.3, 0.2), (1.42, 3.68, 0.15), (1.1, 3.8, 0.2), (0, 3.84)]
    for x in PEGS:
        solids.lathe([*foot, *knob], metal, at=(x, -2.18, 0), turn=(90, 0, 0), segments=96)


def bag(x: float) -> None:
    """A flat linen bag with two handles over a peg, pulled into folds where they hang."""
    cloth = materials.linen("#D8CCB4", threads=7)
    for front in (1, 0):
        _panel(x, front, cloth)
    for side in (-1, 1):
        for front in (1, 0):
            _handle(x, side, front, cloth)


def _panel(x: float, front: int, cloth: bpy.types.Material) -> None:
    columns, rows, top, high = 110, 120, -15.0, 27.0
    vertices: list[Point] = []
    for i in range(columns + 1):
        for j in range(rows + 1):
            u, v = 2 * i / columns - 1, j / rows
            pulled = math.exp(-v * 2.6)
            half = 12.6 - 1.4 * pulled + 1.0 * math.sin(math.pi * v)
            sag = 2.4 * (1 - (abs(abs(u) - 0.5) / 0.5) ** 1.6) * pulled
            fold = (
                0.62 * math.sin(9.5 * u + 1.5 * v + 0.4) * pulled + 0.3 * math.sin(6 * u - 4 * v + 1) * (1 - v) ** 0.5
            )
            soft = 0.2 * math.sin(3 * u + 9 * v) + 0.14 * math.sin(14 * v + 5 * u)
            belly = 2.0 * math.sin(math.pi * min(1, v * 0.55 + 0.3)) * math.sqrt(max(0.0, 1 - u * u))
            out = 3.4 + (belly + fold + soft if front else 0.35 * fold - 1.4 * math.sqrt(max(0.0, 1 - u * u)) * v)
            vertices.append((x + half * u, top - high * v + sag - 1.2 * u * u * v, out))
    row = rows + 1
    faces = [
        (i * row + j, (i + 1) * row + j, (i + 1) * row + j + 1, i * row + j + 1)
        for i in range(columns)
        for j in range(rows)
    ]
    _sewn(solids.solid(vertices, faces, cloth, turn=(90, 0, 0)))


def _handle(x: float, side: int, front: int, cloth: bpy.types.Material) -> None:
    """A strap from a corner of the bag up to the peg."""
    steps, wide = 40, 2.2
    vertices: list[Point] = []
    for i in range(steps + 1):
        t = i / steps
        middle = x + side * (0.3 + 4.4 * (1 - t) ** 0.85)
        height = -15.6 + t * 17.2 - 1.4 * t**8
        out = 3.5 + (1.7 * (1 - t) + 0.5 if front else -0.5 * (1 - t))
        half = wide / 2 * (1 - 0.45 * t)
        for j in range(9):
            across = j / 4 - 1
            up = height + 0.25 * side * across * (1 - t)
            vertices.append((middle + half * across, up, out + 0.25 * t * (1 - across * across)))
    faces = [(i * 9 + j, (i + 1) * 9 + j, (i + 1) * 9 + j + 1, i * 9 + j + 1) for i in range(steps) for j in range(8)]
    _sewn(solids.solid(vertices, faces, cloth, turn=(90, 0, 0)))


def _sewn(thing: bpy.types.Object) -> None:
    thick = thing.modifiers.new("thickness", "SOLIDIFY")
    thick.thickness, thick.offset = 0.14, 0

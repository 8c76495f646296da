"""The Harbour Jar in three sizes: coffee in the smallest, oats in the next, lentils in the tallest."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import bpy

from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point
from art.studio.spread import strewn

SIZES = {"half": (5.0, 11.0), "one": (5.0, 18.0), "two": (6.0, 24.0)}
"""Radius and height with the lid, in centimetres."""
LID = 2.2
WALL = 0.28


@shot("harbour-jar-half", "harbour-jar-one", "harbour-jar-two")
def jar_alone(name: str) -> None:
    """One jar, filled and closed."""
    size = name.removeprefix("harbour-jar-")
    high = SIZES[size][1]
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(high * 1.25)
    jar(size)
    stage.camera((0, 0, high * 0.49), width=6 + high * 1.12, pitch=12)


@shot("harbour-jar-detail")
def three(_name: str) -> None:
    """All three, the smallest open."""
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(28)
    jar("two", at=(-9.5, 4, 0))
    jar("one", at=(3.2, 2.5, 0), turn=70)
    jar("half", at=(11.6, -5.0, 0), closed=False)
    lid(5.0, at=(3.4, -9.4, 1.55), turn=(180, 0, 40))
    stage.camera((1.5, 0, 9), width=39, pitch=18)


def jar(size: str, *, at: Point = (0, 0, 0), turn: float = 0, closed: bool = True) -> None:
    """Straight glass walls on a heavy bottom; filled to a little below the lid."""
    radius, high = SIZES[size]
    edge = high - LID + 0.35
    outside = [(0, 0.12), (radius - 0.9, 0.1), (radius - 0.5, 0, 0.2), (radius, 0.15, 0.5), (radius, edge, 0.12)]
    inside = [(radius - WALL, edge, 0.12), (radius - WALL, 0.75, 0.5), (0, 0.7)]
    solids.lathe([*outside, *inside], materials.glass("#FDFEFE"), at=at, turn=(0, 0, turn))
    _fill(size, radius - WALL - 0.04, 0.78, high * (0.66 if size == "two" else 0.6), at)
    if closed:
        lid(radius, at=(at[0], at[1], at[2] + high - LID + 0.38), turn=(0, 0, turn + 25))


def lid(radius: float, *, at: Point, turn: Point = (0, 0, 0)) -> None:
    """A disc of oak, a plug under it and the ring of silicone around the plug."""
    oak = wood.timber(heart=(1.5, -6))
    plug = radius - WALL - 0.22
    top = [(radius + 0.08, 0, 0.08), (radius + 0.08, 1.8, 0.22), (0, 1.84)]
    solids.lathe([(0, -1.3), (plug - 0.1, -1.3, 0.2), (plug, 0), *top], oak, at=at, turn=turn)
    rubber = materials.Recipe("silicone", "#CFC9BC", Roughness=0.45)
    ring = [(plug - 0.1, -0.9), (plug + 0.24, -0.8, 0.1), (plug + 0.24, -0.45, 0.1), (plug - 0.1, -0.35)]
    solids.lathe(ring, rubber.material, at=at, turn=turn)


def _fill(size: str, radius: float, floor: float, top: float, at: Point) -> None:
    """Pieces against the glass and on top; what nobody sees is one block."""
    make, gap = {"half": (_bean, 0.62), "one": (_flake, 0.52), "two": (_lentil, 0.36)}[size]
    first, half = make()
    first.data.set_sharp_from_angle(angle=math.pi)
    chance = random.Random(5)
    core = radius - half * 2
    solids.lathe([(0, floor), (core, floor), (core, top - 0.2), (0, top - 0.2)], first.data.materials[0], at=at)
    places: list[Point] = []
    around, rows = int(2 * math.pi * radius / gap), int((top - floor) / (gap * 0.72))
    for layer in range(2):
        reach = radius - half * (0.85 + 1.1 * layer)
        for row in range(rows):
            for i in range(around):
                a = 2 * math.pi * (i + row / 2 + layer / 3 + chance.gauss(0, 0.2)) / around
                z = floor + half * 0.8 + gap * 0.72 * row + chance.gauss(0, 0.08) * gap
                places.append((at[0] + reach * math.cos(a), at[1] + reach * math.sin(a), at[2] + z))
    for _ in range(int(2.6 * (radius / gap) ** 2 * math.pi)):
        r, a = (radius - half) * math.sqrt(chance.random()), chance.uniform(0, 2 * math.pi)
        heap = top - 0.1 + 0.25 * math.cos(r) * math.sin(a) + chance.uniform(0, half)
        places.append((at[0] + r * math.cos(a), at[1] + r * math.sin(a), at[2] + heap))
    turns = [tuple(chance.uniform(0, 360) for _ in range(3)) for _ in places]
    strewn(first, places, turns, [chance.uniform(0.86, 1.1) for _ in places])
    first.hide_render = True


def _bean() -> tuple[bpy.types.Object, float]:
    """A roasted coffee bean and half its length."""
    roast = _food("#3C1C0B", "#1F0E05", rough=0.5)
    shape = _pebble(0.5, 0.37, 0.3, lambda _x, y, z: z - 0.1 * math.exp(-((y / 0.07) ** 2)) if z > 0 else z)
    return solids.solid(*shape, roast), 0.5


def _flake() -> tuple[bpy.types.Object, float]:
    """A rolled oat and half its length."""
    oat = _food("#D8C39C", "#B99B6C", rough=0.85)
    shape = _pebble(0.4, 0.31, 0.085, lambda x, _y, z: z + 0.12 * x * x)
    return solids.solid(*shape, oat), 0.4


def _lentil() -> tuple[bpy.types.Object, float]:
    """A brown lentil and half its width."""
    skin = _food("#8C5A30", "#5F3A1C", rough=0.5)
    return solids.solid(*_pebble(0.27, 0.27, 0.11, lambda _x, _y, z: z), skin), 0.27


def _food(colour: str, darker: str, *, rough: float) -> bpy.types.Material:
    recipe = materials.Recipe(f"food {colour}", colour, Roughness=rough, Specular_IOR_Level=0.3)
    own = recipe.add("ShaderNodeObjectInfo").outputs["Random"]
    skin = recipe.noise(5, detail=4)
    each = recipe.ramp(own, (0.0, darker), (1.0, colour))
    recipe.set(Base_Color=recipe.mix(recipe.between(skin, 0, 0.5, 0.4, 0.7), each, darker))
    recipe.set(Normal=recipe.bump(skin, 0.3, 0.05))
    return recipe.material


def _pebble(
    long: float, wide: float, thick: float, bend: Callable[[float, float, float], float]
) -> tuple[list[Point], list[tuple[int, ...]]]:
    """An ellipsoid of 18 × 10, its height bent by a function of the place."""
    around, rows = 18, 10
    vertices: list[Point] = []
    for j in range(rows + 1):
        b = math.pi * (j / rows - 0.5)
        for i in range(around):
            a = 2 * math.pi * i / around
            x, y, z = long * math.cos(b) * math.cos(a), wide * math.cos(b) * math.sin(a), thick * math.sin(b)
            vertices.append((x, y, bend(x, y, z)))
    faces = [
        (j * around + i, j * around + (i + 1) % around, (j + 1) * around + (i + 1) % around, (j + 1) * around + i)
        for j in range(rows)
        for i in range(around)
    ]
    return vertices, faces

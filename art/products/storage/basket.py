"""The Creel Basket in three sizes, each with what it is used for."""

from __future__ import annotations

import math
import random

import bpy

from art.studio import materials, solids, stage, wicker, wood
from art.studio.shots import shot
from art.studio.solids import Point

SIZES = {"small": (20.0, 18.0), "medium": (30.0, 26.0), "large": (40.0, 36.0)}
"""How far across and how high, in centimetres."""


@shot("creel-basket-small", "creel-basket-medium", "creel-basket-large")
def filled(name: str) -> None:
    """Balls of wool in the small one, a rolled throw in the medium one, firewood in the large one."""
    size = name.removeprefix("creel-basket-")
    across, height = SIZES[size]
    stage.clear()
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(across * 1.9)
    basket(size)
    {"small": _wool, "medium": _throws, "large": _firewood}[size]()
    stage.camera((0, 0, height * 0.78), width=across * 2.0, pitch=20, turn=-24)


@shot("creel-basket-detail")
def joint(_name: str) -> None:
    """Where the handle goes into the rim."""
    stage.clear()
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(36)
    basket("medium")
    stage.camera((9, -8, 26), width=26, pitch=26, turn=38, focus=(11, -6, 26), aperture=5)


def basket(size: str) -> None:
    """A basket that widens a little towards its rim, with an arched handle from side to side."""
    across, height = SIZES[size]
    rod = {"small": 0.26, "medium": 0.31, "large": 0.36}[size]
    top = across / 2 - 2 * rod

    def side(z: float) -> float:
        share = min(1.0, max(0.0, z / height))
        return top * (0.82 + 0.18 * math.sin(share * math.pi / 2) ** 0.8)

    wicker.basket(side, height - 2 * rod, rod=rod, gap=rod * 7.2, seed=len(size))
    rise, deep = across * 0.42, height * 0.3
    span = top + rod * 0.4

    def arch(way: float) -> Point:
        if way < 0.12 or way > 0.88:
            down = (0.12 - way) / 0.12 if way < 0.12 else (way - 0.88) / 0.12
            x = span - (span - side(height - deep) + 2.6 * rod) * down
            return (-x if way < 0.5 else x), 0.0, height - deep * down
        angle = math.pi * (way - 0.12) / 0.76
        return -span * math.cos(angle), 0.0, height + rise * math.sin(angle) ** 0.85

    wicker.rope(arch, wicker.willow(), rod=rod * 1.1, turns=round(across * 0.55))


def _wool() -> None:
    """Balls of yarn."""
    for at, radius, colour, seed in (
        ((-3.6, -2.0, 15.6), 4.1, "#7E8A88", 1),
        ((4.0, -2.2, 15.0), 3.9, "#8A5440", 2),
        ((0.7, 3.6, 16.4), 4.2, "#CDC1AB", 3),
        ((0, 0, 8), 5.0, "#9A7638", 4),
    ):
        _ball(at, radius, yarn(colour), seed)


def _ball(at: Point, radius: float, stuff: object, seed: int) -> None:
    """Yarn wound in bundles of turns, each bundle across the last."""
    chance = random.Random(seed)
    solids.lathe(
        [
            (radius * 0.93 * math.cos(a), radius * 0.93 * math.sin(a))
            for a in (math.pi * (i / 24 - 0.5) for i in range(25))
        ],
        stuff,
        at=at,
        segments=48,
    )
    path: list[Point] = []
    for bundle in range(17):
        reach = radius * (0.95 + 0.004 * bundle)
        tilt, swing = chance.uniform(0, math.pi), chance.uniform(0, 2 * math.pi)
        for turn in range(7):
            lift = (turn - 3) * 0.145
            for step in range(20):
                a = 2 * math.pi * step / 20
                x, y, z = math.cos(a) * math.cos(lift), math.sin(a) * math.cos(lift), math.sin(lift)
                y, z = y * math.cos(tilt) - z * math.sin(tilt), y * math.sin(tilt) + z * math.cos(tilt)
                x, y = x * math.cos(swing) - y * math.sin(swing), x * math.sin(swing) + y * math.cos(swing)
                path.append((reach * x, reach * y, reach * z))
    solids.tube(path, 0.24, stuff, at=at, steps=2)


def yarn(colour: str, *, fine: float = 1.0) -> bpy.types.Material:
    """Wool as it is spun: matt, a little fuzzy, twisted."""
    recipe = materials.Recipe(f"yarn {colour} {fine}", colour, Roughness=1.0, Specular_IOR_Level=0.1, Sheen_Weight=0.15)
    fuzz = recipe.noise(7 * fine, detail=8, rough=0.75)
    recipe.set(Base_Color=recipe.mix(recipe.between(fuzz, 0, 0.3, 0.4, 0.65), colour, "#4A4238"))
    recipe.set(Normal=recipe.bump(fuzz, 0.6, 0.04))
    return recipe.material


def _throws() -> None:
    """Two rolled throws that stand in it."""
    for at, colour, seed in (((-5.0, 0.6, 4), "#C9BDA6", 0.0), ((5.4, -0.8, 2.0), "#565E4A", 2.0)):
        _roll(at, yarn(colour, fine=2.2), seed)


def _roll(at: Point, cloth: object, phase: float) -> None:
    """A throw rolled up: a spiral standing on its end, its top edge uneven."""
    turns, high, steps = 4.2, 27.0, 420
    vertices: list[Point] = []
    rows = 24
    for i in range(steps + 1):
        a = 2 * math.pi * turns * i / steps
        radius = 0.7 + a * 0.225 + 0.14 * math.sin(a * 1.7 + phase)
        for j in range(rows + 1):
            share = j / rows
            swell = 1 + 0.05 * math.sin(share * 5 + phase) + 0.03 * math.sin(a * 2 + share * 7)
            top = high + 0.5 * math.sin(a * 0.8 + phase) + 0.25 * math.sin(a * 2.3)
            vertices.append((radius * swell * math.cos(a), radius * swell * math.sin(a), top * share))
    row = rows + 1
    faces = [
        (i * row + j, (i + 1) * row + j, (i + 1) * row + j + 1, i * row + j + 1)
        for i in range(steps)
        for j in range(rows)
    ]
    thing = solids.solid(vertices, faces, cloth, at=at, turn=(4, -5 if at[0] < 0 else 6, 40 * phase))
    thick = thing.modifiers.new("thickness", "SOLIDIFY")
    thick.thickness, thick.offset = 0.95, 0
    round_edge = thing.modifiers.new("edge", "BEVEL")
    round_edge.width, round_edge.segments = 0.42, 4


def _firewood() -> None:
    """Split logs on their ends."""
    chance = random.Random(11)
    places = [(-7, -3.5), (0.5, -8), (7.5, -2.5), (-2.5, 2.5), (5, 4.5), (-6.5, 5), (0, 8)]
    for index, (x, y) in enumerate(places):
        high = chance.uniform(37, 43)
        _log(high, (x, y, 1), (chance.uniform(-3, 3), chance.uniform(-3, 3), chance.uniform(0, 360)), index)


def _log(high: float, at: Point, turn: Point, seed: int) -> None:
    """A quarter of a trunk: two split faces and the bark."""
    chance = random.Random(seed)
    radius, opening = chance.uniform(6.2, 7.4), chance.uniform(75, 100)
    bark = [(x - 3.6, y - 1) for x, y in wood.arc(0, 0, radius, 10, 10 + opening, 26)]
    rough = [(x * (1 + chance.gauss(0, 0.008)), y * (1 + chance.gauss(0, 0.008))) for x, y in bark]
    split = materials.Recipe("split", "#C9A877", Roughness=0.85)
    fibre = split.noise(4, split.stretched(1, 1, 0.06), detail=7, rough=0.7)
    radial = split.add("ShaderNodeVectorMath", operation="LENGTH")
    centre = split.add("ShaderNodeMapping", Vector=split.stretched(1, 1, 0), Location=(3.6, 1, 0)).outputs[0]
    split.links.new(centre, radial.inputs[0])
    wood_colour = split.ramp(fibre, (0.3, "#A9814F"), (0.6, "#CDAE80"))
    crust = split.ramp(fibre, (0.35, "#3A2B20"), (0.65, "#6A5340"))
    edge = split.between(radial.outputs["Value"], 0, 1, radius - 0.62, radius - 0.5)
    split.set(Base_Color=split.mix(edge, wood_colour, crust), Normal=split.bump(fibre, 0.8, 0.25))
    thing = wood.plate([[(-3.6, -1), *rough]], high, split.material, at=at, turn=turn, edge=0.12)
    solids.displaced(thing, 0.3, 2.5)

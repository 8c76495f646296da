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
    """Balls of wool in the small one, building blocks in the medium one, firewood in the large one."""
    size = name.removeprefix("creel-basket-")
    across, height = SIZES[size]
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(across * 1.9)
    basket(size)
    {"small": _wool, "medium": _toys, "large": _firewood}[size]()
    stage.camera((0, 0, height * 0.78), width=across * 2.0, pitch=20, turn=-24)


@shot("creel-basket-detail")
def joint(_name: str) -> None:
    """Where the handle goes into the rim."""
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


def yarn(colour: str) -> bpy.types.Material:
    """Wool as it is spun: matt, a little fuzzy, twisted."""
    recipe = materials.Recipe(f"yarn {colour}", colour, Roughness=1.0, Specular_IOR_Level=0.1, Sheen_Weight=0.15)
    fuzz = recipe.noise(7, detail=8, rough=0.75)
    recipe.set(Base_Color=recipe.mix(recipe.between(fuzz, 0, 0.3, 0.4, 0.65), colour, "#4A4238"))
    recipe.set(Normal=recipe.bump(fuzz, 0.6, 0.04))
    return recipe.material


def _toys() -> None:
    """Building blocks of oak, some of them painted."""
    chance = random.Random(4)
    stain = ["", "#A5624A", "", "#6F7A58", "#D9CDB6", "", "#33505F", "#B78B45", "", "#9DAAA7", "", "#6F7A58"]
    shapes = [(6.2, 6.2, 6.2), (12.0, 5.6, 2.8), (5.6, 5.6, 8.4), (6.2, 6.2, 6.2), (8.4, 5.6, 2.8), (5.6, 5.6, 11.2)]
    solids.lathe([(0, 19.0), (13.6, 19.0)], wood.timber())
    places = [(8.7, 360 / 8 * i + 11, 20.0 + chance.uniform(0, 2.2)) for i in range(8)]
    places += [(0.8, 40.0, 21.5), (4.6, 20.0, 26.2), (5.2, 145.0, 25.8), (5.0, 262.0, 26.4), (3.0, 320.0, 30.4)]
    for index, (reach, around, low) in enumerate(places):
        angle = math.radians(around)
        at = (reach * math.cos(angle), reach * math.sin(angle), low)
        turn = (chance.uniform(-24, 24), chance.uniform(-24, 24), chance.uniform(0, 90))
        paint = stain[index % len(stain)]
        stuff = _painted(paint) if paint else wood.timber(heart=(chance.uniform(-4, 4), chance.uniform(-9, -4)))
        if index % 5 == 4:
            ball = [(3.2 * math.cos(a), 3.2 + 3.2 * math.sin(a)) for a in (math.pi * (i / 32 - 0.5) for i in range(33))]
            solids.lathe([(max(0.0, r), z) for r, z in ball], stuff, at=at, turn=turn, segments=96)
        else:
            wood.dressed(shapes[index % len(shapes)], stuff, at=at, turn=turn, edge=0.4)


def _painted(colour: str) -> bpy.types.Material:
    """Thin paint on wood: the grain shows in its shine."""
    recipe = materials.Recipe(f"paint {colour}", colour, Roughness=0.55)
    grain = recipe.noise(9, recipe.stretched(0.05, 1, 1), detail=5)
    recipe.set(Base_Color=recipe.mix(recipe.between(grain, 0, 0.35, 0.5, 0.7), colour, "#6B543A"))
    recipe.set(Normal=recipe.bump(grain, 0.25, 0.02))
    return recipe.material


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

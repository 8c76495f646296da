"""Pool Glasses: four tumblers, 8 cm across, 10 cm high."""

from __future__ import annotations

import math
import random

import bpy

from art.studio import materials, solids, stage
from art.studio.shots import shot
from art.studio.solids import Point

GREEN = "#D9ECE6"


@shot("pool-glasses")
def pool_glasses(_: str) -> None:
    """Two side by side, one of them filled, and a stacked pair behind."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(22)
    tumbler(at=(-5.4, -3.4, 0), turn=(0, 0, 30), seed=1)
    water(at=(-5.4, -3.4, 0))
    tumbler(at=(4.6, -4.6, 0), seed=2)
    tumbler(at=(1.2, 5.6, 0), seed=3)
    tumbler(at=(1.2, 5.6, 3.6), turn=(0, 0, 80), seed=4)
    stage.camera((-0.2, 0, 5.8), width=25, pitch=13, focus=(0, -5, 5), aperture=7)


@shot("pool-glasses-detail")
def thick_base(_: str) -> None:
    """The base of one, close by, with the bubbles in it."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(14)
    tumbler(seed=5)
    tumbler(at=(-8.2, 7.5, 0), seed=6)
    stage.camera((-1.6, 0, 4.4), width=15, pitch=15, focus=(0, -3, 3), aperture=3)


def tumbler(*, at: Point = (0, 0, 0), turn: Point = (0, 0, 0), seed: int = 0) -> bpy.types.Object:
    """8 cm across the rim, tapering to a thick base with small bubbles in it."""
    glass = materials.glass(GREEN)
    outside = [(0, 0.15), (2.4, 0.1), (2.75, 0, 0.25), (3.05, 0.4, 0.4), (3.95, 9.85)]
    rim = [(3.98, 9.97, 0.06), (3.85, 10.0, 0.06), (3.72, 9.88, 0.06)]
    inside = [(2.85, 1.9, 0.9), (0, 1.55)]
    body = solids.lathe([*outside, *rim, *inside], glass, segments=128)
    solids.displaced(body, 0.05, 3.5)
    return solids.together(body, *_bubbles(seed), at=at, turn=turn)


def _bubbles(seed: int) -> list[bpy.types.Object]:
    """Air in the glass: balls whose inside is thinner than what is around them."""
    chance = random.Random(seed)
    air = materials.Recipe("air", "#FFFFFF", Transmission_Weight=1.0, IOR=0.685, Roughness=0.0).material
    balls = []
    for _ in range(14):
        size, around, out = chance.uniform(0.03, 0.085), chance.uniform(0, 2 * math.pi), chance.uniform(0.3, 2.5)
        profile = [(size * math.cos(a), size * math.sin(a)) for a in (math.pi * (i / 10 - 0.5) for i in range(11))]
        place = (out * math.cos(around), out * math.sin(around), chance.uniform(0.35, 1.3))
        balls.append(solids.lathe([(max(0.0, r), z) for r, z in profile], air, at=place, segments=16))
    return balls


def water(*, at: Point = (0, 0, 0), height: float = 6.6) -> bpy.types.Object:
    """Water in a tumbler, up to a height; it overlaps the wall a little, as a renderer wants it."""
    top = 2.88 + (height - 1.9) * 0.109 + 0.03
    profile = [(0, 1.52), (2.3, 1.6, 0.8), (2.9, 2.3, 0.5), (top, height + 0.08), (top - 0.15, height), (0, height)]
    return solids.lathe(profile, materials.liquid("#F4FAF8"), at=at, segments=128)

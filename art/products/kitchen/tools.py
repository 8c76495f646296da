"""The Oar Spoon and the Swell Rolling Pin: oak, carved and turned."""

from __future__ import annotations

import math
import random

import bpy

from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point
from art.studio.spread import spread, strewn


@shot("oar-spoon")
def spoon_alone(_name: str) -> None:
    """The spoon from above, across the picture."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(26)
    spoon(at=(0, 0, 0), turn=(0, 0, 52))
    stage.camera((0, 0, 0.5), width=32, pitch=60)


@shot("oar-spoon-detail")
def blade(_name: str) -> None:
    """The blade, close: its flat edge and the shallow bowl."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(17)
    spoon(at=(7.8, 3.2, 0), turn=(0, 0, 22))
    stage.camera((-1.5, 0.4, 0.6), width=16, pitch=34, aperture=5)


def spoon(*, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """32 × 6.5 × 1.5 cm, its blade towards -x, one corner of the blade taken further round than the other."""
    oak = wood.timber("#AD8F69", heart=(0.6, -6.0), tilt=1.6)
    thing = wood.stick(32, _spoon_section, oak, at=at, turn=turn, hollow=_bowl, square=2.3)
    for vertex in thing.data.vertices:
        x, y = vertex.co.x, vertex.co.y
        near = max(0.0, (-13.4 - x) / 2.6)
        vertex.co.x += near * 0.24 * (y + 3.25) ** 2 * 0.16
    return thing


def _spoon_section(t: float) -> Point:
    blade, handle = 0.26, 0.62
    width = 0.62 + 0.16 * max(0.0, t - 0.6)
    if t < 0.36:
        swell = math.sin(math.pi / 2 * min(1.0, (0.36 - t) / 0.2)) ** 1.5
        width += (3.25 - 0.62) * swell
    corner = min(1.0, math.sqrt(max(0.0, 1 - (1 - min(1.0, t / 0.035)) ** 2)) * 0.3 + 0.7) if t < 0.035 else 1.0
    end = math.sqrt(max(0.0, 1 - (max(0.0, t - 0.985) / 0.015) ** 2))
    thin = 0.22 + 0.36 * min(1.0, max(0.0, t / blade)) if t < blade else 0.58 - 0.06 * max(0.0, t - handle)
    lift = 0.62 + 0.55 * math.exp(-((t / 0.09) ** 2)) * 0.25 + 0.5 * max(0.0, t - 0.35) ** 1.4
    return width * corner * max(end, 0.02), thin * max(end, 0.02), lift


def _bowl(t: float, y: float) -> float:
    """A shallow hollow in the blade."""
    return 0.3 * max(0.0, 1 - ((t - 0.15) / 0.14) ** 2) * max(0.0, 1 - (y / 0.84) ** 2)


@shot("swell-rolling-pin")
def pin_alone(_name: str) -> None:
    """The pin across the picture, a breath of flour around it."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(40)
    pin(turn=28)
    flour(700, 14, seed=2)
    stage.camera((0, 0, 2), width=57, pitch=34)


@shot("swell-rolling-pin-detail")
def in_use(_name: str) -> None:
    """On a round of dough."""
    stage.sweep("#7E8679")
    stage.daylight(32)
    dough()
    pin(at=(2, 2.5, 0.75), turn=24)
    flour(1600, 17, seed=5)
    stage.camera((1, 0.5, 1.6), width=34, pitch=44)


def pin(*, at: Point = (0, 0, 0), turn: float = 0) -> None:
    """48 cm long, 4.5 cm across in the middle; it lies along x."""
    oak = wood.timber("#A78862", along="Z", heart=(1.2, -4.5), tilt=1.2)
    half = [(1.34, 23.5), (1.66, 17.5), (2.06, 8.5), (2.25, 0)]
    sides = solids.flowing([*((radius, -x) for radius, x in half[:-1]), *reversed(half)])
    turned = [(0, -24), (0.98, -24, 0.3), (1.28, -23.85, 0.2), *sides, (1.28, 23.85, 0.2), (0.98, 24, 0.3), (0, 24)]
    thing = solids.lathe(turned, oak)
    thing.location = (at[0], at[1], at[2] + 2.25)
    thing.rotation_euler = (0, math.radians(90), math.radians(turn))


def dough() -> None:
    """A sheet of dough, thicker in its middle, not quite round."""
    soft = materials.Recipe("dough", "#EBDDC0", Roughness=0.7, Subsurface_Weight=0.35, Subsurface_Scale=0.5)
    floury = soft.noise(0.5, detail=7, rough=0.7)
    soft.set(Base_Color=soft.ramp(floury, (0.4, "#DCC9A6"), (0.62, "#E9DDC6")), Normal=soft.bump(floury, 0.35, 0.08))

    def reach(a: float) -> float:
        lobes = 0.7 * math.sin(2 * a + 1) + 0.35 * math.sin(3 * a)
        return 12.5 + lobes + 0.16 * math.sin(6 * a + 2) + 0.07 * math.sin(15 * a)

    spread(reach, lambda a, share: 0.62 * (1 - share**16) ** 0.5 + 0.06 * math.sin(3 * a) * share, soft.material)


def flour(grains: int, reach: float, *, seed: int) -> None:
    """Flour thrown over the table."""
    chance = random.Random(seed)
    white = materials.plain("#F7F3EA")
    first = solids.box((0.13, 0.1, 0.05), white, at=(reach, 0, 0), edge=0.02)
    spots = [(reach * (0.75 + chance.gauss(0, 0.22)), chance.gauss(3.9, 0.75)) for _ in range(grains)]
    places = [(distance * math.cos(angle), distance * math.sin(angle), 0) for distance, angle in spots]
    strewn(first, places, [(0, 0, 500 * angle) for _, angle in spots], [chance.uniform(0.25, 1.3) for _ in spots])

"""Shoal Bowl: one shape in two sizes, 15 cm and 26 cm across."""

from __future__ import annotations

import bpy

from art.studio import materials, solids, stage
from art.studio.shots import shot
from art.studio.solids import Point


@shot("shoal-bowl-fog-small", "shoal-bowl-clay-small")
def small_bowl(name: str) -> None:
    """The small bowl before the large one."""
    colour = name.split("-")[2]
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(24)
    small(colour, at=(-5, -7, 0))
    large(colour, at=(3.5, 10, 0))
    stage.camera((0.6, 0, 3.6), width=36, pitch=20, focus=(-5, -12, 4), aperture=3)


@shot("shoal-bowl-fog-large", "shoal-bowl-clay-large")
def large_bowl(name: str) -> None:
    """The large bowl alone."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(30)
    large(name.split("-")[2])
    stage.camera((0, 0, 4.4), width=36, pitch=20)


@shot("shoal-bowl-detail")
def nested(_: str) -> None:
    """Both sizes and both glazes, nested: rims close by."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(22)
    large("fog")
    small("clay", at=(-0.6, -0.5, 1.75))
    small("fog", at=(-0.3, -0.3, 4.5), turn=(0, 0, 30))
    stage.camera((1.5, 0, 6.8), width=26, pitch=28, focus=(0, -10, 8), aperture=2.5)


def small(colour: str, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """15 cm across, 6.5 cm high."""
    return bowl(colour, radius=7.5, height=6.5, foot=3.1, wall=0.42, at=at, turn=turn)


def large(colour: str, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """26 cm across, 9.5 cm high."""
    return bowl(colour, radius=13, height=9.5, foot=4.6, wall=0.55, at=at, turn=turn)


def bowl(
    colour: str, *, radius: float, height: float, foot: float, wall: float, at: Point, turn: Point
) -> bpy.types.Object:
    """A round bowl on a narrow foot of bare clay."""
    rise = height * 0.14
    belly = [(0, rise), (foot * 0.8, rise), (radius * 0.62, height * 0.30), (radius * 0.86, height * 0.58)]
    outside = solids.flowing([*belly, (radius * 0.97, height * 0.85), (radius, height - wall / 2)])
    body = solids.lathe(solids.shell(outside, wall), materials.dipped(colour, line=rise * 1.25))
    solids.lined(solids.displaced(body, 0.05, radius), materials.glaze(colour))
    ring = [(foot * 0.8, rise * 1.1), (foot * 0.86, 0, 0.1), (foot, 0, 0.15), (foot * 1.04, rise * 1.35, 0.2)]
    stand = solids.lathe([*ring, (foot * 0.8, rise * 1.4)], materials.stoneware("#A98A69"))
    return solids.together(body, stand, at=at, turn=turn)

"""Ebb Plate: side plates of 20 cm and dinner plates of 27 cm."""

from __future__ import annotations

import bpy

from art.studio import materials, solids, stage
from art.studio.shots import shot
from art.studio.solids import Point


@shot("ebb-plate-dinner")
def dinner_plate(_: str) -> None:
    """The dinner plate alone, from higher up."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(30)
    dinner()
    stage.camera((0, 0, 0.6), width=36, pitch=36)


@shot("ebb-plate-side")
def side_plate(_: str) -> None:
    """A side plate on a dinner plate."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(30)
    dinner()
    side(at=(0.5, -0.4, 0.88), turn=(0, 0, 70))
    stage.camera((0, 0, 1.2), width=34, pitch=30, focus=(0, -8, 2), aperture=6)


@shot("ebb-plate-detail")
def stack(_: str) -> None:
    """Four of each in a stack, from the side: how the low rims nest."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(24)
    for level in range(4):
        dinner(at=(0.15 * (-1) ** level, 0.1 * level, level * 1.05))
    for level in range(3):
        side(at=(0.2 * (-1) ** level, 0.1, 4.2 + level * 0.95))
    stage.camera((5.0, 0, 3.4), width=24, pitch=13, focus=(6, -12, 4), aperture=3)


def side(*, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """20 cm across, 2 cm high."""
    return plate(10, 2.0, at=at, turn=turn)


def dinner(*, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """27 cm across, 2.5 cm high."""
    return plate(13.5, 2.5, at=at, turn=turn)


def plate(radius: float, height: float, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """Flat, with a low upright rim and a foot ring."""
    wall, foot = 0.5, radius * 0.72
    base = [(0, 0.4), (foot * 0.94, 0.4), (foot * 0.95, 0, 0.1), (foot, 0, 0.12), (foot * 1.02, 0.35, 0.15)]
    outside = [*base, (radius * 0.9, 0.6, 0.8), (radius * 0.985, height * 0.55, 0.9), (radius, height - wall / 2)]
    inside = [(radius - wall, height - wall / 2), (radius * 0.94, 1.05, 1.1), (radius * 0.8, 0.92, 1), (0, 0.86)]
    lip = [
        (radius - wall * 0.03, height - 0.1, 0.1),
        (radius - wall * 0.5, height, 0.14),
        (radius - wall * 0.95, height - 0.1, 0.1),
    ]
    glaze = materials.dipped("chalk", line=0.45, speckle=0.7)
    body = solids.lathe([*outside, *lip, *inside], glaze, at=at, turn=turn)
    return solids.lined(solids.displaced(body, 0.06, 9), materials.glaze("chalk", speckle=0.7))

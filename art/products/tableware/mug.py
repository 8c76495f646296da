"""Tide Mug: 8.5 cm across, 9.5 cm high."""

from __future__ import annotations

import bpy

from art.studio import materials, solids, stage
from art.studio.shots import shot
from art.studio.solids import Point


@shot("tide-mug-moss", "tide-mug-chalk", "tide-mug-clay", "tide-mug-deep")
def tide_mug(name: str) -> None:
    """The mug alone, its handle to the right."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(16)
    mug(name.removeprefix("tide-mug-"), turn=(0, 0, -14))
    stage.camera((1.2, 0, 4.6), width=17, pitch=16)


@shot("tide-mug-detail")
def tide_mug_detail(_: str) -> None:
    """Coffee in one, another behind it: the line of the glaze and the way the handle joins."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(14)
    mug("chalk", turn=(0, 0, -40))
    coffee(7.9)
    mug("moss", at=(-8.5, 8.5, 0), turn=(0, 0, 200))
    stage.camera((0.6, 0, 4.9), width=13.5, pitch=27, aperture=3)


def mug(colour: str, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """Dipped to a finger above its foot; the handle points along x."""
    glaze = materials.dipped(colour, line=1.6)
    foot = [(2.5, 0.3), (2.6, 0, 0.12), (3.2, 0, 0.2), (3.45, 0.7, 0.5), (3.95, 2.0, 1.2), (4.25, 4.8, 3)]
    body = solids.lathe(solids.walled([*foot, (4.22, 9.3)], 0.36, floor=0.7), glaze)
    solids.lined(solids.displaced(body, 0.05, 4), materials.glaze(colour))
    path = [(3.85, 0, 7.9), (4.9, 0, 8.2), (6.6, 0, 8.25), (7.35, 0, 7.0), (7.2, 0, 5.0), (6.1, 0, 3.7), (3.9, 0, 3.3)]
    handle = solids.tube(path, lambda t: 0.5 + 0.28 * abs(2 * t - 1) ** 3, glaze, flat=0.72)
    return solids.together(body, handle, at=at, turn=turn)


def coffee(height: float, *, at: Point = (0, 0, 0), radius: float = 3.86) -> None:
    """Black coffee up to a height, with a pale ring where it meets the wall."""
    recipe = materials.Recipe("coffee", "#1C0D06", Roughness=0.06, IOR=1.33)
    place = recipe.add("ShaderNodeVectorMath", Vector=recipe.stretched(1, 1, 0), operation="LENGTH").outputs["Value"]
    crema = recipe.between(place, 0, 1, radius * 0.82, radius)
    recipe.set(Base_Color=recipe.ramp(crema, (0.0, "#1E0E07"), (0.6, "#3B1D0D"), (1.0, "#A06A3A")))
    surface = [(0, height - 0.5), (radius, height - 0.5), (radius, height + 0.06), (radius - 0.12, height), (0, height)]
    solids.lathe(surface, recipe.material, at=at)

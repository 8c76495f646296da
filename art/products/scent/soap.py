"""The Rockpool Soap: two bars and a dish with ribs."""

from __future__ import annotations

import math

import bpy

from art.studio import materials, solids, stage
from art.studio.shots import shot
from art.studio.solids import Point


@shot("rockpool-soap")
def soap_and_dish(_name: str) -> None:
    """A bar on the dish, the other before it in its paper band."""
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(18)
    solids.together(*soap_dish(), turn=(0, 0, -14))
    bar("#8F9C78", at=(0.3, 0.3, 1.62), turn=(0, 0, -4), speckled=True)
    bar("#E4D8BC", at=(3.4, -7.4, 0), turn=(0, 0, 24), banded=True)
    stage.camera((0.9, -2.6, 1.4), width=21.5, pitch=32)


@shot("rockpool-soap-detail")
def ribs(_name: str) -> None:
    """The bar off the dish: the ribs it lies on."""
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(16)
    solids.together(*soap_dish(), turn=(0, 0, 18))
    bar("#8F9C78", at=(6.2, -5.4, 0), turn=(0, 0, -30), speckled=True)
    stage.camera((1.9, -2.2, 1.2), width=20, pitch=40, focus=(2.5, -3.5, 1.5), aperture=6)


def soap_dish() -> list[bpy.types.Object]:
    """14 × 10 × 2.5 cm, Chalk glaze; four ribs lift the soap out of its water."""
    sections = [
        (5.0, 3.3, 0.0),
        (5.3, 3.6, 0.12),
        (5.5, 3.75, 0.45),
        (6.6, 4.6, 1.5),
        (6.95, 4.95, 2.3),
        (7.0, 5.0, 2.42),
    ]
    lip = [(6.9, 4.9, 2.5), (6.75, 4.75, 2.44), (6.6, 4.6, 2.2), (6.1, 4.1, 1.4), (5.4, 3.4, 0.85), (4.6, 2.8, 0.7)]
    rings = [_oval(a, b, z) for a, b, z in [*sections, *lip, (0.02, 0.02, 0.66)]]
    white = materials.glaze("chalk")
    body = solids.smoothed(solids.loft([_oval(0.02, 0.02, 0.05), *rings], white), 1)
    parts = [body]
    for x in (-3.3, -1.1, 1.1, 3.3):
        half = 2.5 - 0.08 * x * x
        path = [(x, -half - 0.7, 0.7), (x, -half, 1.15), (x, 0, 1.2), (x, half, 1.15), (x, half + 0.7, 0.7)]
        parts.append(solids.tube(path, 0.34, white))
    return parts


def _oval(a: float, b: float, z: float) -> list[Point]:
    """A superellipse: between an oval and a rectangle."""
    angles = [2 * math.pi * i / 96 for i in range(96)]
    return [
        (
            a * math.copysign(abs(math.cos(t)) ** 0.72, math.cos(t)),
            b * math.copysign(abs(math.sin(t)) ** 0.72, math.sin(t)),
            z,
        )
        for t in angles
    ]


def bar(
    colour: str, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0), speckled: bool = False, banded: bool = False
) -> bpy.types.Object:
    """8 × 5.5 × 3 cm, cut and its edges rubbed round."""
    block = solids.box((8, 5.5, 3), cut_soap(colour, speckled=speckled), edge=0.55)
    solids.displaced(block, 0.05, 3)
    pieces = [block]
    if banded:
        pieces.append(solids.box((3.4, 5.56, 3.06), materials.paper("#A98A60"), at=(0.2, 0, -0.03), edge=0.57))
        line = materials.plain("#3F4A44")
        pieces += [solids.box((0.06, 4.0, 0.02), line, at=(x, 0, 3.03), edge=0) for x in (-0.9, 1.3)]
    return solids.together(*pieces, at=at, turn=turn)


def cut_soap(colour: str, *, speckled: bool) -> bpy.types.Material:
    """Soap from a long block: dense, a little waxy, clouded, with leaves in it or without."""
    recipe = materials.Recipe(
        f"cut soap {colour}", colour, Roughness=0.48, Subsurface_Weight=0.3, Subsurface_Scale=0.35
    )
    cloud = recipe.noise(0.45, detail=5, rough=0.6)
    base = recipe.mix(recipe.between(cloud, 0, 0.45, 0.4, 0.7), colour, "#D9D3BC")
    leaves = recipe.between(recipe.noise(3.2, detail=2), 0, 0.75 if speckled else 0.0, 0.66, 0.72)
    recipe.set(Base_Color=recipe.mix(leaves, base, "#4B5636"))
    recipe.set(Normal=recipe.bump(recipe.noise(1.4, recipe.stretched(0.2, 1, 1), detail=4), 0.2, 0.05))
    return recipe.material

"""Reed Vase: 14 cm across, 28 cm high, its neck 3 cm wide inside."""

from __future__ import annotations

import math
import random

import bpy
from mathutils import Vector

from art.studio import materials, solids, stage
from art.studio.shots import shot
from art.studio.solids import Point


@shot("reed-vase")
def reed_vase(_: str) -> None:
    """The vase with three dry reeds."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(44)
    vase()
    reeds()
    stage.camera((0.3, 0, 23.5), width=54, pitch=10)


@shot("reed-vase-detail")
def reed_vase_detail(_: str) -> None:
    """The shoulder and the neck, and the glaze that runs down from them."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(26)
    vase()
    reeds()
    stage.camera((0.5, 0, 20), width=27, pitch=18, focus=(0, -4, 20), aperture=4)


def vase(*, at: Point = (0, 0, 0)) -> bpy.types.Object:
    """A bottle with wide shoulders and a narrow neck."""
    foot = [(0, 0.5), (4.2, 0.5), (4.3, 0.0), (4.9, 0.05)]
    sides = solids.flowing(
        [
            (5.0, 0.4),
            (5.9, 4.5),
            (6.7, 10),
            (7.0, 14.2),
            (6.3, 18.2),
            (4.2, 21.2),
            (2.35, 23.4),
            (1.9, 26),
            (2.15, 27.7),
        ]
    )
    rim = [(2.1, 27.95, 0.1), (1.9, 28.0, 0.1), (1.72, 27.8, 0.1), (1.5, 26), (1.5, 20)]
    return solids.placed(solids.displaced(solids.lathe([*foot, *sides, *rim], _glaze()), 0.08, 9), at, (0, 0, 0))


def _glaze() -> bpy.types.Material:
    """A blue-green that gathers darker at the foot and is thin and pale over the shoulder."""
    recipe = materials.Recipe("reed glaze", "#5F8583", Coat_Weight=0.5, Coat_Roughness=0.1, Roughness=0.28)
    height = recipe.add("ShaderNodeSeparateXYZ", Vector=recipe.stretched()).outputs["Z"]
    runs = recipe.noise(0.5, recipe.stretched(1, 1, 0.12), detail=5)
    wavering = recipe.add("ShaderNodeMath", operation="ADD")
    recipe.links.new(height, wavering.inputs[0])
    recipe.links.new(recipe.between(runs, -4, 4, 0.25, 0.75), wavering.inputs[1])
    share = recipe.between(wavering.outputs[0], 0, 1, 0, 28)
    depths = [(0.02, "#1E3E40"), (0.2, "#31585A"), (0.5, "#54807D"), (0.8, "#7FA39A"), (1.0, "#8CA598")]
    edge = recipe.add("ShaderNodeNewGeometry").outputs["Pointiness"]
    thin = recipe.between(edge, 0, 0.6, 0.53, 0.62)
    recipe.set(Base_Color=recipe.mix(thin, recipe.ramp(share, *depths), "#8A7257"))
    recipe.set(Normal=recipe.bump(recipe.noise(0.9, recipe.stretched(0.2, 0.2, 1.4)), 0.2, 0.06))
    return recipe.material


def reeds(*, at: Point = (0, 0, 0), seed: int = 4) -> list[bpy.types.Object]:
    """Three reeds with their plumes, leaning out of the neck."""
    chance = random.Random(seed)
    leans = [(-8.5, -1.0, 43), (1.0, 1.5, 47), (9.0, -1.5, 40)]
    return [part for x, y, top in leans for part in _reed(Vector(at), Vector((x, y, top)), chance)]


def _reed(root: Vector, top: Vector, chance: random.Random) -> list[bpy.types.Object]:
    start = root + Vector((-top.x * 0.09, -top.y * 0.09, 14))
    knee = root + Vector((top.x * 0.1, top.y * 0.1, 28))
    path = [start, knee, root + Vector((top.x * 0.42, top.y * 0.42, 28 + (top.z - 28) * 0.3)), root + top]
    straw = materials.plain("#A88B5C", rough=0.7)
    stem = solids.tube([tuple(p) for p in path], lambda t: 0.17 - 0.1 * t, straw)
    return [stem, _plume(path[2], path[3], chance)]


def _plume(start: Vector, end: Vector, chance: random.Random) -> bpy.types.Object:
    """Hundreds of fine hanging branches, each a bent thread that ends in a seed."""
    vertices: list[Point] = []
    faces: list[tuple[int, ...]] = []
    axis = end - start
    side = 1 if end.x > 0 else -1
    for index in range(900):
        way = 0.12 + 0.88 * (index / 900)
        spread = 3.4 * math.sin(math.pi * (0.12 + 0.86 * way)) ** 0.8
        around = chance.uniform(0, 2 * math.pi)
        out = Vector((math.cos(around), math.sin(around), 0)) * spread * chance.uniform(0.35, 1.0)
        out.x += side * 0.9 * spread * chance.uniform(0, 0.7)
        base = start + axis * way
        length = chance.uniform(2.0, 4.2) * (1.15 - 0.5 * way)
        points = [base + out * t * 0.8 + axis.normalized() * length * (t - 0.55 * t * t) for t in (0, 0.35, 0.7, 1.0)]
        _thread(vertices, faces, points, (0.03, 0.03, 0.085, 0.01))
    return solids.solid(vertices, faces, _straw())


def _straw() -> bpy.types.Material:
    recipe = materials.Recipe("plume", "#B79F7A", Roughness=0.8, Sheen_Weight=0.4)
    recipe.set(Base_Color=recipe.ramp(recipe.noise(0.9), (0.3, "#A58B66"), (0.7, "#DECBA8")))
    return recipe.material


def _thread(
    vertices: list[Point], faces: list[tuple[int, ...]], points: list[Vector], radii: tuple[float, ...]
) -> None:
    """A three-sided thread through a few points."""
    first = len(vertices)
    for point, radius in zip(points, radii, strict=True):
        for corner in range(3):
            angle = 2 * math.pi * corner / 3
            vertices.append((point.x + radius * math.cos(angle), point.y + radius * math.sin(angle), point.z))
    for row in range(len(points) - 1):
        for corner in range(3):
            a, b = first + row * 3 + corner, first + row * 3 + (corner + 1) % 3
            faces.append((a, b, b + 3, a + 3))

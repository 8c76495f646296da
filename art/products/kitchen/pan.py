"""The Keel Pan: cast iron in one piece."""

from __future__ import annotations

import math

import bpy
from mathutils import Matrix

from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.spread import spread

PEPPER = (
    (1.6, -2.2, 1.15),
    (-2.4, 0.3, 1.12),
    (0.5, -0.7, 2.42),
    (-0.9, -1.6, 2.2),
    (2.6, 0.2, 0.95),
    (-3, -2.4, 0.95),
)
"""Where a few grains of it lie on the egg."""


@shot("keel-pan")
def from_above(_name: str) -> None:
    """The whole pan, its handle towards the right."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(36)
    pan(turn=-38)
    stage.camera((6.3, -2.4, 2), width=46, pitch=46)


@shot("keel-pan-detail")
def with_an_egg(_name: str) -> None:
    """An egg in it."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(30)
    pan(turn=-42)
    egg()
    stage.camera((0.5, -0.5, 1.5), width=27, pitch=44)


def pan(*, turn: float = 0) -> None:
    """26 cm across, 5 cm high, 44 cm with the handle, which points along x before the turn; a lip to pour from."""
    iron = seasoned()
    inside = [(0, 0.5), (9.6, 0.5, 1.0), (10.7, 1.1, 0.8), (12.55, 4.75, 0.2), (12.8, 5.0, 0.15)]
    outside = [(13.0, 4.85, 0.2), (12.95, 4.2, 0.3), (11.3, 0.7, 0.9), (10.4, 0.0, 0.5), (9.6, 0.0, 0.2), (9.4, 0.12)]
    vessel = solids.lathe([*inside, *outside, (0, 0.12)], iron, turn=(0, 0, turn), segments=200)
    _pull_lip(vessel.data, 122)
    _pull_lip(vessel.data, 238)
    start, end = 12.35, 31.0
    handle = wood.stick(end - start, lambda t: _grip(start + (end - start) * t), iron, square=2.8)
    handle.data.transform(Matrix.Translation(((start + end) / 2, 0, 0)))
    solids.placed(handle, (0, 0, 0), (0, 0, turn))
    flare = [(0, -1.2), (1.75, -1.2), (1.1, -0.36, 0.3), (1.1, 0.36, 0.3), (1.75, 1.2), (0, 1.2)]
    eye = solids.lathe(flare, iron, segments=72)
    eye.data.transform(Matrix.Translation((28.6, 0, _grip(28.6)[2])) @ Matrix.Diagonal((1.45, 0.85, 1, 1)))
    solids.cut(handle, solids.placed(eye, (0, 0, 0), (0, 0, turn)))


def _grip(x: float) -> tuple[float, float, float]:
    """The handle at a distance from the middle of the pan: half its width and height, how high its middle lies."""
    way = max(0.0, (x - 12.35) / 18.65)
    return _half_width(x), 0.66 - 0.2 * min(1.0, way * 2), 3.85 + 1.1 * way**1.5


def _half_width(x: float) -> float:
    """Half the width of the handle: spread where it joins the wall, narrow behind, full around the eye."""
    root = 2.6 * math.exp(-max(0.0, x - 12.35) / 1.7)
    eye = 0.85 / (1 + math.exp(-(x - 25.6) * 0.9))
    end = math.sqrt(max(0.0, 1 - (max(0.0, x - 29.2) / 1.8) ** 2))
    return (1.22 + root + eye) * end


def _pull_lip(mesh: bpy.types.Mesh, degrees: float) -> None:
    """Draw the rim out into a lip."""
    for vertex in mesh.vertices:
        radius = math.hypot(vertex.co.x, vertex.co.y)
        away = (math.degrees(math.atan2(vertex.co.y, vertex.co.x)) - degrees + 180) % 360 - 180
        if vertex.co.z > 2.5 and radius > 9:
            share = math.exp(-((away / 7.5) ** 2)) * ((vertex.co.z - 2.5) / 2.5) ** 2
            vertex.co.x *= 1 + 0.06 * share
            vertex.co.y *= 1 + 0.06 * share
            vertex.co.z -= 0.42 * share


def egg() -> None:
    """A fried egg: the white spread and set, browned at its lace, the yolk off its middle."""
    white = materials.Recipe("white", "#F4EFE4", Roughness=0.28, Subsurface_Weight=0.5, Subsurface_Scale=0.4)
    place = white.add("ShaderNodeSeparateXYZ", Vector=white.stretched()).outputs["Z"]
    browned = white.ramp(white.between(place, 0, 1, 0.02, 0.34), (0.0, "#8A5A2B"), (0.35, "#E3C79A"), (0.7, "#F6F2E8"))
    white.set(Base_Color=browned, Normal=white.bump(white.noise(0.9, detail=5), 0.6, 0.25))

    def reach(a: float) -> float:
        lobes = 0.7 * math.sin(2 * a + 0.6) + 0.42 * math.sin(3 * a + 2)
        return 5.6 + lobes + 0.2 * math.sin(7 * a) + 0.1 * math.sin(13 * a + 1)

    def height(a: float, share: float) -> float:
        hump = 0.62 * math.exp(-((share * 1.65) ** 2)) + 0.2 * (1 - share**6) + 0.05 * math.sin(9 * a + 8 * share)
        return max(0.0, hump) if share < 1 else 0.0

    spread(reach, height, white.material, at=(-0.8, -1.0, 0.52))
    yolk = materials.Recipe("yolk", "#E8930C", Roughness=0.14, Subsurface_Weight=0.5, Subsurface_Scale=0.6)
    dome = [(2.15, 0.0), (2.1, 0.5), (1.7, 1.0), (0.95, 1.36), (0, 1.48)]
    solids.lathe(solids.flowing(dome), yolk.material, at=(-0.4, -0.8, 0.95), segments=96)
    pepper = materials.plain("#2B2018")
    for x, y, z in PEPPER:
        solids.box((0.16, 0.12, 0.1), pepper, at=(x, y, z), turn=(30 * x, 20 * y, 50 * z), edge=0.03)


def seasoned() -> bpy.types.Material:
    """Cast iron with oil baked on: nearly black, pebbled by the sand it was cast in, a dull shine."""
    recipe = materials.Recipe("seasoned iron", "#0D0D0C", Specular_IOR_Level=0.35)
    sand = recipe.noise(9, detail=5)
    worn = recipe.noise(0.5, detail=5)
    recipe.set(Base_Color=recipe.ramp(worn, (0.35, "#0B0B0A"), (0.7, "#171614")))
    recipe.set(Roughness=recipe.between(worn, 0.38, 0.56), Normal=recipe.bump(sand, 0.45, 0.03))
    return recipe.material


def _around(steps: int) -> list[float]:
    return [2 * math.pi * step / steps for step in range(steps)]

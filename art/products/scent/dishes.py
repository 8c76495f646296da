"""The Ember Dish, the Saltmarsh Diffuser and the Rockpool Soap."""

from __future__ import annotations

import math

import bpy

from art.products.scent.candles import smoke
from art.studio import materials, solids, stage, things, wood
from art.studio.shots import shot
from art.studio.solids import Point

DIP = math.radians(34)
"""How steeply a stick of incense leans."""


@shot("ember-dish")
def dish_in_use(_name: str) -> None:
    """The dish, a stick burning in it."""
    stage.clear()
    stage.sweep("#B39C8F")
    stage.daylight(28, strength=0.75)
    dish()
    incense((-4.7, 0.6, 1.7), turn=-8)
    stage.camera((0, 0, 5.8), width=35, pitch=24)


@shot("ember-dish-detail")
def holder(_name: str) -> None:
    """The brass foot and the ash below the stick."""
    stage.clear()
    stage.sweep("#B39C8F")
    stage.daylight(20, strength=0.75)
    dish()
    incense((-4.7, 0.6, 1.7), turn=-8)
    stage.camera((-2.4, 0.4, 2.6), width=15, pitch=30, turn=-18, focus=(-4.7, 0.6, 1.8), aperture=4)


def dish() -> None:
    """24 cm across, 4 cm high; Deep glaze, a brass foot for one stick towards its rim."""
    outside = [(0, 0), (5.2, 0, 0.15), (5.8, 0.4, 0.3), (9.5, 1.6, 2.5), (12.0, 3.8)]
    plate = solids.lathe(solids.shell(outside, 0.5), materials.dipped("#2A4150", line=0.3, speckle=0.3))
    solids.displaced(plate, 0.08, 6)
    foot = [(0, 0), (1.3, 0, 0.1), (1.3, 0.3, 0.15), (0.55, 0.7, 0.4), (0.5, 1.2, 0.2), (0.62, 1.5, 0.1), (0, 1.52)]
    solids.lathe(foot, materials.turned_brass(), at=(-4.7, 0.6, 0.5), segments=96)


def incense(at: Point, *, turn: float) -> None:
    """A stick of 21 cm, an ember and its ash at the upper end, smoke from it, ash in the dish below."""
    angle = math.radians(turn)
    way = (math.cos(DIP) * math.cos(angle), math.cos(DIP) * math.sin(angle), math.sin(DIP))

    def along(t: float) -> Point:
        return tuple(a + w * t for a, w in zip(at, way, strict=True))

    solids.tube([along(-0.4), along(4.2)], 0.07, materials.plain("#B5925E"))
    paste = materials.Recipe("incense", "#4A3A2C", Roughness=1.0)
    paste.set(Normal=paste.bump(paste.noise(12, detail=5), 0.8, 0.04))
    solids.tube([along(3.4), along(3.7), along(10), along(17.2)], lambda t: 0.08 if t < 0.02 else 0.15, paste.material)
    solids.tube([along(17.15), along(17.5)], 0.148, materials.glow("#FF5A1E", 7))
    ash = materials.Recipe("ash", "#B9B3AA", Roughness=1.0)
    ash.set(Normal=ash.bump(ash.noise(9, detail=6), 1.0, 0.08))
    end = along(18.9)
    drooping = [along(17.45), along(18.1), (end[0], end[1], end[2] - 0.16)]
    solids.tube(drooping, lambda t: 0.14 - 0.03 * t, ash.material)
    things.lamp(along(17.4), 60, colour="#FF7A3C", radius=0.3)
    smoke(along(17.9), height=10.5, sway=1.7)
    for t, size, spin in ((7.0, 0.9, 20), (9.6, 1.3, -35), (11.4, 0.7, 60)):
        x, y, _ = along(t)
        low = 0.5 + 0.075 * max(0.0, math.hypot(x, y) - 4.6) ** 1.4
        ends = [(size * share * math.cos(spin), size * share * math.sin(spin)) for share in (-0.5, 0.5)]
        solids.tube([(x + dx, y - 0.3 + dy, low + 0.06) for dx, dy in ends], 0.11, ash.material)


@shot("saltmarsh-diffuser")
def diffuser_alone(_name: str) -> None:
    """The bottle with its five reeds."""
    stage.clear()
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(30)
    diffuser()
    stage.camera((0, 0, 13.6), width=38, pitch=11)


@shot("saltmarsh-diffuser-detail")
def collar(_name: str) -> None:
    """The collar and the oil, close; the bottle on a saucer."""
    stage.clear()
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(18)
    outside = [(0, 0), (4.2, 0, 0.1), (4.6, 0.3, 0.2), (6.6, 0.5, 0.6), (7.2, 1.4)]
    solids.lathe(solids.shell(outside, 0.38), materials.dipped("chalk", line=0.25))
    diffuser(at=(0, 0, 0.42))
    stage.camera((0.4, 0, 7.4), width=18, pitch=16)


def diffuser(*, at: Point = (0, 0, 0)) -> None:
    """8 cm across, 11 cm high: a thick bottle, an oak collar around its neck, oil up to its shoulder."""
    outer = [
        (0, 0.15),
        (3.2, 0.12),
        (3.5, 0, 0.15),
        (4.0, 0.1, 0.5),
        (4.0, 7.2, 1.6),
        (2.6, 8.6, 0.8),
        (1.45, 9.1, 0.5),
    ]
    inner = [(1.0, 10.6), (1.05, 9.3, 0.4), (2.3, 8.35, 0.8), (3.62, 7.0, 1.4), (3.62, 0.95, 0.7), (0, 0.85)]
    solids.lathe([*outer, (1.4, 10.6, 0.1), *inner], materials.glass("#FEFEFD"), at=at)
    oil = [(0, 0.84), (3.63, 0.94, 0.7), (3.63, 6.1), (3.5, 6.02), (0, 6.0)]
    solids.lathe(oil, materials.liquid("#E6AC3E", ior=1.38), at=at)
    ring = [
        (1.02, 9.15),
        (1.75, 9.15, 0.12),
        (1.85, 9.5, 0.3),
        (1.85, 10.7, 0.3),
        (1.6, 11, 0.15),
        (0.95, 11, 0.1),
        (0.95, 10.2),
    ]
    solids.lathe(ring, wood.timber(heart=(0.5, -3)), at=at, segments=96)
    reed = rattan()
    for index, (dx, dy) in enumerate(((-0.42, 0.1), (-0.18, -0.2), (0.05, 0.26), (0.24, -0.12), (0.46, 0.16))):
        foot = (-dx * 5.2, -dy * 4, 1.05)
        neck = (dx, dy, 10.6)
        far = 17.2 - 0.35 * (index % 3)
        tip = tuple(n + (n - f) / 9.55 * far for n, f in zip(neck, foot, strict=True))
        solids.tube([tuple(a + b for a, b in zip(at, p, strict=True)) for p in (foot, neck, tip)], 0.15, reed)


def rattan() -> bpy.types.Material:
    """Rattan: straw-coloured, with pores along it."""
    recipe = materials.Recipe("rattan", "#B89A6C", Roughness=0.75)
    fibre = recipe.noise(14, recipe.stretched(1, 1, 0.05), detail=5)
    recipe.set(Base_Color=recipe.ramp(fibre, (0.35, "#8F7148"), (0.62, "#C2A67A")))
    recipe.set(Normal=recipe.bump(fibre, 0.5, 0.03))
    return recipe.material


@shot("rockpool-soap")
def soap_and_dish(_name: str) -> None:
    """A bar on the dish, the other before it in its paper band."""
    stage.clear()
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(18)
    solids.together(*soap_dish(), turn=(0, 0, -14))
    bar("#8F9C78", at=(0.3, 0.3, 1.62), turn=(0, 0, -4), speckled=True)
    bar("#E4D8BC", at=(3.4, -7.4, 0), turn=(0, 0, 24), banded=True)
    stage.camera((0.9, -2.6, 1.4), width=21.5, pitch=32)


@shot("rockpool-soap-detail")
def ribs(_name: str) -> None:
    """The bar off the dish: the ribs it lies on."""
    stage.clear()
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

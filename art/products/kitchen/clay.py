"""The Spray Salt Pot and the Pebble Mortar."""

from __future__ import annotations

import math
import random

import bpy

from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point
from art.studio.spread import spread, strewn


@shot("spray-salt-pot")
def salt_pot(_name: str) -> None:
    """The pot, closed."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(16)
    pot()
    lid(at=(0, 0, 7.9))
    stage.camera((0, 0, 5.2), width=17.5, pitch=17)


@shot("spray-salt-pot-detail")
def salt_in_it(_name: str) -> None:
    """The lid beside the pot, salt inside."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(17)
    pot()
    salt(5.6)
    lid(at=(7.4, -3.2, 4.12), turn=(14, 56, 0))
    stage.camera((2.2, -0.6, 4.0), width=18, pitch=34)


def pot() -> None:
    """11 cm across; Chalk glaze that ends above a bare foot."""
    outside = [(4.3, 0.9), (5.15, 1.3, 0.9), (5.5, 4.4, 2.5), (5.1, 8.0)]
    solids.lathe(solids.walled(outside, 0.42, floor=0.6), materials.glaze("chalk"))
    solids.lathe([(0, 0.12), (3.6, 0.12), (3.75, 0, 0.1), (4.2, 0, 0.2), (4.42, 1.0), (0, 1.0)], materials.stoneware())


def lid(*, at: Point, turn: Point = (0, 0, 0)) -> None:
    """A turned oak lid with a knob, and the ring under it that keeps it in place."""
    oak = wood.timber(heart=(1, -5))
    low = [(0, -0.8), (4.3, -0.8, 0.15), (4.45, 0.0), (5.15, 0.0, 0.12), (5.2, 0.85, 0.3)]
    knob = [(4.4, 1.02, 0.6), (1.15, 1.12, 0.5), (0.85, 1.7, 0.5), (1.35, 2.45, 0.5), (1.2, 3.05, 0.5), (0, 3.12)]
    solids.lathe([*low, *knob], oak, at=at, turn=turn)


def salt(level: float) -> None:
    """Coarse salt, a little hollow where a spoon has been."""
    white = materials.Recipe("salt", "#F3F1EC", Roughness=0.35, Subsurface_Weight=0.4, Subsurface_Scale=0.2)
    white.set(Normal=white.bump(white.noise(5, detail=6, rough=0.7), 0.9, 0.12))
    chance = random.Random(7)

    def surface(x: float, y: float) -> float:
        spooned = 0.75 * math.exp(-(((x - 1.2) / 1.9) ** 2) - ((y + 0.7) / 1.5) ** 2)
        return level + 0.25 * math.sin(x * 0.9 + 1) * math.cos(y * 0.8) - spooned

    spread(lambda _: 5.0, lambda a, share: surface(5 * share * math.cos(a), 5 * share * math.sin(a)), white.material)
    crystal = solids.box((0.2, 0.17, 0.15), white.material, at=(0.2, -0.4, surface(0.2, -0.4)), edge=0.02)
    spots = [(4.75 * math.sqrt(chance.random()), chance.uniform(0, 2 * math.pi)) for _ in range(1300)]
    flat = [(radius * math.cos(angle), radius * math.sin(angle)) for radius, angle in spots]
    turns = [(chance.uniform(0, 180), chance.uniform(0, 180), 0) for _ in spots]
    scales = [chance.uniform(0.5, 1.4) for _ in spots]
    strewn(crystal, [(x, y, surface(x, y) - 0.03) for x, y in flat], turns, scales)


@shot("pebble-mortar")
def mortar_alone(_name: str) -> None:
    """The mortar with the pestle leaning in it."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(19)
    mortar()
    pestle(towards=16)
    stage.camera((0.9, 0, 5.4), width=21.5, pitch=24)


@shot("pebble-mortar-detail")
def pepper_in_it(_name: str) -> None:
    """From above: pepper, some of it ground."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(17)
    mortar()
    pepper()
    pestle(towards=52, tip=(-0.7, 3.3), lean=31)
    stage.camera((0.5, 0.4, 6.5), width=16.5, pitch=52)


def mortar() -> None:
    """14 cm across, 9 cm high, thick: a bowl like a pebble, rough inside."""
    smooth = pebble("#6F6F69")
    outside = solids.flowing([(4.4, 0.0), (4.9, 0.12), (6.2, 2.0), (6.98, 5.2), (6.75, 8.2), (6.35, 8.9)])
    rim = [(6.05, 9.0, 0.2), (5.75, 8.85, 0.2), (5.7, 8.5)]
    shell = solids.lathe([(0, 0.15), (4.1, 0.15), (4.25, 0.0), *outside, *rim], smooth)
    solids.displaced(shell, 0.09, 4)
    hollow = solids.flowing([(5.7, 8.5), (5.55, 6.2), (4.6, 3.6), (2.6, 2.2), (0, 1.8)])
    inside = solids.lathe(hollow, pebble("#63625C", rough=True))
    solids.displaced(inside, 0.09, 4)


def pestle(*, towards: float, tip: tuple[float, float] = (3.4, 2.9), lean: float = 49) -> None:
    """15 cm long, a heavy end. It leans on the rim at an angle; its tip stands opposite, as far out and as high."""
    shape = [(0, 0), (1.2, 0.12), (1.95, 0.95), (2.0, 2.2), (1.45, 4.6), (1.12, 8.2), (1.2, 12), (1.5, 13.8)]
    angle = math.radians(towards)
    at = (-tip[0] * math.cos(angle), -tip[0] * math.sin(angle), tip[1])
    stone = solids.flowing([*shape, (1.25, 14.7), (0.6, 15), (0, 15)])
    solids.displaced(solids.lathe(stone, pebble("#6F6F69"), at=at, turn=(0, lean, towards)), 0.05, 3)


def pebble(colour: str, *, rough: bool = False) -> bpy.types.Material:
    """Unglazed grey stoneware, polished outside with a stone or left gritty."""
    recipe = materials.Recipe(f"pebble {colour}", colour, Specular_IOR_Level=0.3)
    grit, cloud = recipe.noise(9, detail=7, rough=0.7), recipe.noise(0.3, detail=4)
    base = recipe.mix(recipe.between(cloud, 0, 0.6, 0.35, 0.65), colour, "#86837A")
    dots = recipe.between(recipe.noise(11, detail=2), 0, 0.65, 0.62, 0.7)
    recipe.set(Base_Color=recipe.mix(dots, base, "#3B3833"), Roughness=0.85 if rough else 0.62)
    recipe.set(Normal=recipe.bump(grit, 0.9 if rough else 0.25, 0.09 if rough else 0.02))
    return recipe.material


def pepper() -> None:
    """Peppercorns and the dust of those that are ground, at the bottom of the bowl."""
    chance = random.Random(3)
    dust = materials.Recipe("ground pepper", "#4A3C2E", Roughness=1.0)
    grains = dust.noise(13, detail=6, rough=0.8)
    dust.set(Base_Color=dust.ramp(grains, (0.35, "#241B14"), (0.5, "#5A4733"), (0.68, "#B8A483")))
    dust.set(Normal=dust.bump(grains, 1.0, 0.12))
    heap = solids.flowing([(3.9, 2.75), (2.6, 2.65), (1.2, 2.5), (0, 2.42)])
    solids.displaced(solids.lathe(heap, dust.material, segments=120), 0.16, 0.9)
    corn = materials.Recipe("peppercorn", "#2A1E17", Roughness=0.6)
    wrinkled = corn.noise(4, detail=3)
    corn.set(
        Base_Color=corn.ramp(wrinkled, (0.35, "#17100C"), (0.65, "#4A3627")), Normal=corn.bump(wrinkled, 1.0, 0.12)
    )
    ball = [(0, -0.25), (0.14, -0.21), (0.25, 0), (0.14, 0.21), (0, 0.25)]
    first = solids.lathe(solids.flowing(ball), corn.material, segments=24, at=(-1.5, -1.5, 3))
    spots = [(3.6 * math.sqrt(chance.random()), chance.uniform(0, 2 * math.pi)) for _ in range(85)]
    places = [
        (radius * math.cos(angle), radius * math.sin(angle), 2.62 + 0.022 * radius**2 + chance.uniform(0, 0.12))
        for radius, angle in spots
    ]
    turns = [(40 * angle, 70 * radius, 0) for radius, angle in spots]
    strewn(first, places, turns, [chance.uniform(0.8, 1.1) for _ in spots])

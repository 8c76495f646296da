"""The Ember Dish: a shallow dish, a brass foot, a stick of incense that burns."""

from __future__ import annotations

import math

from art.studio import materials, solids, stage, things
from art.studio.shots import shot
from art.studio.solids import Point

DIP = math.radians(34)
"""How steeply a stick of incense leans."""


@shot("ember-dish")
def dish_in_use(_name: str) -> None:
    """The dish, a stick burning in it."""
    stage.sweep("#B39C8F")
    stage.daylight(28, strength=0.75)
    dish()
    incense((-4.7, 0.6, 1.7), turn=-8)
    stage.camera((0, 0, 5.8), width=35, pitch=24)


@shot("ember-dish-detail")
def holder(_name: str) -> None:
    """The brass foot and the ash below the stick."""
    stage.sweep("#B39C8F")
    stage.daylight(20, strength=0.75)
    dish()
    incense((-4.7, 0.6, 1.7), turn=-8)
    stage.camera((-2.4, 0.4, 2.6), width=15, pitch=30, turn=-18, focus=(-4.7, 0.6, 1.8), aperture=4)


def dish() -> None:
    """24 cm across, 4 cm high; Deep glaze, a brass foot for one stick towards its rim."""
    foot = [(0, 0.2), (4.9, 0.2), (5.1, 0, 0.1), (5.7, 0, 0.15), (5.9, 0.35, 0.2)]
    outside = [*foot, (9.5, 1.55, 2.5), (11.7, 3.7), (11.94, 3.98, 0.15), (11.75, 4.0, 0.1)]
    inside = solids.flowing([(11.55, 3.85), (9.2, 2.05), (6.4, 0.95), (4.2, 0.6), (2.6, 0.52), (1.2, 0.5), (0, 0.5)])
    plate = solids.lathe([*outside, *inside], materials.dipped("#2A4150", line=0.3, speckle=0.3))
    solids.displaced(plate, 0.08, 6)
    brass = [(0, 0), (1.3, 0, 0.1), (1.3, 0.3, 0.15), (0.55, 0.7, 0.4), (0.5, 1.2, 0.2), (0.62, 1.5, 0.1), (0, 1.52)]
    solids.lathe(brass, materials.turned_brass(), at=(-4.7, 0.6, 0.6), segments=96)


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


def smoke(start: Point, *, height: float, sway: float) -> None:
    """A thread of smoke that widens and curls as it rises."""
    recipe = materials.Recipe("smoke", "#FFFFFF")
    place = recipe.add("ShaderNodeSeparateXYZ", Vector=recipe.stretched()).outputs["Z"]
    facing = recipe.add("ShaderNodeLayerWeight", Blend=0.5).outputs["Facing"]
    body = recipe.between(facing, 1, 0, 0.0, 0.95)
    thin = recipe.between(place, 0.42, 0.0, 0, height)
    share = recipe.add("ShaderNodeMath", operation="MULTIPLY")
    recipe.links.new(body, share.inputs[0])
    recipe.links.new(thin, share.inputs[1])
    veil = recipe.add("ShaderNodeMixShader")
    light = recipe.add("ShaderNodeEmission", Color=materials.linear("#E9E6E4"), Strength=0.75)
    recipe.links.new(share.outputs[0], veil.inputs[0])
    recipe.links.new(recipe.add("ShaderNodeBsdfTransparent").outputs[0], veil.inputs[1])
    recipe.links.new(light.outputs[0], veil.inputs[2])
    recipe.links.new(veil.outputs[0], recipe.output.inputs["Surface"])
    for strand in range(3):
        path = []
        for i in range(60):
            t = i / 59
            swing = sway * t**1.6
            x = swing * math.sin(5.2 * t + 0.7 * strand * t) + 0.35 * strand * t
            y = 0.5 * swing * math.cos(6.5 * t + strand)
            path.append((x, y, height * t))
        wide = (0.10, 0.07, 0.05)[strand]
        thread = solids.tube(path, lambda way, wide=wide: wide * (1 + 7 * way**1.3), recipe.material, at=start)
        thread.visible_shadow = False

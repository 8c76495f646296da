"""What lamps are put together from: a linen shade, a bulb in its holder, a textile cord with a switch."""

from __future__ import annotations

import math

import bpy

from art.studio import materials, solids, stage, things
from art.studio.solids import Point

PAPER = "#D0C6B4"


def evening(reach: float, *, strength: float = 0.4, paper: str = PAPER) -> None:
    """An empty stage at dusk: the window is going out, so that what is lit shows."""
    stage.sweep(paper)
    stage.daylight(reach, strength=strength)


def shade(at: Point, *, bottom: float, top: float, height: float, watts: float) -> None:
    """A lit shade of linen on two rings: `bottom` and `top` are its radii, `at` the middle of the lower one."""
    x, y, z = at
    cloth = shade_linen(bottom)
    solids.lathe([(bottom, 0), (top, height)], cloth, at=at)
    slope = (bottom - top) / height
    for low in (0.0, height - 1.0):
        hem = [
            (bottom - slope * (low + rise) + 0.1 + 0.06 * math.sin(math.pi * rise), low + rise) for rise in (0, 0.5, 1)
        ]
        solids.lathe(hem, cloth, at=at)
    wire = materials.turned_brass()
    for radius, level in ((bottom, 0.0), (top, height)):
        ring(radius - 0.05, wire, at=(x, y, z + level), thick=0.16)
    _bulb((x, y, z + height * 0.28), wire)
    collar = z + height * 0.8
    solids.lathe([(2.0, 0), (2.3, 0), (2.3, 0.5), (2.0, 0.5), (2.0, 0)], wire, at=(x, y, collar))
    for third in range(3):
        angle = math.radians(25 + 120 * third)
        turn = (math.cos(angle), math.sin(angle))
        ends = [(x + turn[0] * r, y + turn[1] * r, level) for r, level in ((2.2, collar + 0.25), (top, z + height))]
        solids.tube([ends[0], (*_middle(*ends)[:2], collar + 0.3), ends[1]], 0.13, wire)
    things.lamp((x, y, z + height * 0.28 + 5), watts, radius=2.5)


def ring(radius: float, material: bpy.types.Material, *, at: Point, thick: float) -> bpy.types.Object:
    """A wire bent to a ring."""
    section = [(radius + thick * math.cos(a), thick * math.sin(a)) for a in _turns(12)]
    return solids.lathe([*section, section[0]], material, at=at)


def cord(path: list[Point], *, colour: str = "#8B8272", radius: float = 0.32) -> None:
    """A textile cord along a path."""
    recipe = materials.Recipe("cord", colour, Roughness=0.95, Sheen_Weight=0.3)
    braid = recipe.noise(9, detail=3)
    recipe.set(Normal=recipe.bump(braid, 0.8, 0.06))
    solids.tube(path, radius, recipe.material)


def switch(at: Point, turn: float) -> None:
    """The switch in the cord: a small dark shell with a rocker."""
    shell = materials.Recipe("switch", "#2B2723", Roughness=0.5).material
    solids.box((5.6, 2.2, 1.7), shell, at=at, turn=(0, 0, turn), edge=0.8)
    solids.box((1.9, 1.0, 0.35), shell, at=(at[0], at[1], at[2] + 1.55), turn=(0, 5, turn), edge=0.15)


def shade_linen(radius: float, colour: str = "#F2E8D5") -> bpy.types.Material:
    """Linen with a light behind it: `radius` is that of the shade it is wound around."""
    recipe = materials.Recipe("shade linen", colour)
    place = wound(recipe, radius)
    slubs = [recipe.noise(2.2, _stretched(recipe, place, *way), detail=6) for way in ((0.12, 3.2, 1), (3.2, 0.12, 1))]
    woven = recipe.mix(recipe.between(slubs[0], 0, 0.7, 0.35, 0.75), colour, "#D9C6A2")
    woven = recipe.mix(recipe.between(slubs[1], 0, 0.5, 0.4, 0.75), woven, "#FBF3E2")
    through = recipe.add("ShaderNodeBsdfTranslucent", Color=woven)
    front = recipe.add("ShaderNodeBsdfDiffuse", Color=woven)
    both = recipe.add("ShaderNodeMixShader")
    facing = recipe.add("ShaderNodeLayerWeight", Blend=0.5).outputs["Facing"]
    recipe.links.new(recipe.between(facing, 0.7, 0.3, 0.1, 1.0), both.inputs[0])
    recipe.links.new(front.outputs[0], both.inputs[1])
    recipe.links.new(through.outputs[0], both.inputs[2])
    recipe.links.new(both.outputs[0], recipe.output.inputs["Surface"])
    return recipe.material


def wound(recipe: materials.Recipe, radius: float) -> object:
    """The place on what is wound around the z axis: centimetres around, and up."""
    axes = recipe.add("ShaderNodeSeparateXYZ", Vector=recipe.stretched())
    angle = recipe.add("ShaderNodeMath", operation="ARCTAN2")
    recipe.links.new(axes.outputs["Y"], angle.inputs[0])
    recipe.links.new(axes.outputs["X"], angle.inputs[1])
    around = recipe.add("ShaderNodeMath", operation="MULTIPLY")
    recipe.links.new(angle.outputs[0], around.inputs[0])
    around.inputs[1].default_value = radius
    return recipe.add("ShaderNodeCombineXYZ", X=around.outputs[0], Y=axes.outputs["Z"]).outputs[0]


def _stretched(recipe: materials.Recipe, place: object, x: float, y: float, z: float) -> object:
    return recipe.add("ShaderNodeMapping", Vector=place, Scale=(x, y, z)).outputs["Vector"]


def _bulb(at: Point, metal: bpy.types.Material) -> None:
    """A frosted bulb above its holder."""
    solids.lathe([(0, 0), (1.9, 0, 0.3), (1.9, 4.2, 0.2), (1.5, 4.4), (0, 4.4)], metal, at=(at[0], at[1], at[2] - 2))
    outline = [(1.3, 2.4), (1.4, 3.2), (2.2, 4.8), (2.9, 6.4), (2.8, 7.9), (1.8, 9.2), (0.0, 9.7)]
    glass = solids.lathe(solids.flowing(outline), things.seen_only(materials.glow("#FFD9A8", 14)), at=at)
    glass.visible_shadow = glass.visible_diffuse = False


def _middle(first: Point, second: Point) -> Point:
    return tuple((a + b) / 2 for a, b in zip(first, second, strict=True))


def _turns(count: int) -> list[float]:
    return [2 * math.pi * index / count for index in range(count)]

"""What several pictures need: a wick and its flame, a candle, a bulb. Lengths are centimetres."""

from __future__ import annotations

import math

import bpy

from art.studio import materials, solids
from art.studio.solids import Point

CANDLELIGHT = "#FFB566"
LAMPLIGHT = "#FFD392"


def lamp(at: Point, watts: float, *, colour: str = LAMPLIGHT, radius: float = 1.5) -> bpy.types.Object:
    """Light from a point, as a ball of `radius` that is not itself seen.

    White paper at a distance of d cm looks as bright as in daylight with about 40 d² `watts`.
    """
    light = bpy.data.lights.new("lamp", "POINT")
    light.energy, light.shadow_soft_size, light.color = watts, radius, materials.linear(colour)[:3]
    thing = bpy.data.objects.new("lamp", light)
    thing.visible_camera = False
    bpy.context.collection.objects.link(thing)
    return solids.placed(thing, at, (0, 0, 0))


def flame(at: Point, height: float = 2.6, *, watts: float = 2500) -> None:
    """A burning wick that lights what is near with `watts`: `at` is where it leaves the wax, `height` the flame's."""
    x, y, z = at
    wick = height * 0.36
    path = [(x, y, z - 0.2), (x, y, z + wick * 0.5), (x + wick * 0.12, y, z + wick)]
    solids.tube(path, height * 0.024, materials.plain("#14110E"))
    unit = height * 0.9
    widths = [(0, 0), (0.065, 0.03), (0.112, 0.12), (0.135, 0.25), (0.122, 0.42), (0.084, 0.62), (0.04, 0.82), (0, 1)]
    profile = solids.flowing([(radius * unit, share * unit) for radius, share in widths])
    body = solids.lathe([(max(0.0, radius), rise) for radius, rise in profile], _burning(unit), segments=48)
    solids.placed(body, (x + wick * 0.05, y, z + wick * 0.45), (0, 0, 0))
    body.visible_shadow = body.visible_diffuse = False
    halo((x, y, z + wick * 0.45 + unit * 0.38), height * 1.5, strength=0.3)
    lamp((x, y, z + wick * 0.45 + unit * 0.4), watts, colour=CANDLELIGHT, radius=height * 0.22)


def halo(at: Point, radius: float, *, colour: str = "#FFC05C", strength: float = 0.3) -> bpy.types.Object:
    """The soft shine around what is too bright for the lens; it lights nothing."""
    recipe = materials.Recipe("halo", "#000000")
    facing = recipe.add("ShaderNodeLayerWeight", Blend=0.5).outputs["Facing"]
    fall = recipe.add("ShaderNodeMath", operation="POWER")
    recipe.links.new(recipe.between(facing, 1, 0), fall.inputs[0])
    fall.inputs[1].default_value = 5
    light = recipe.add("ShaderNodeEmission", Color=materials.linear(colour))
    recipe.links.new(recipe.between(fall.outputs[0], 0, strength / 2), light.inputs["Strength"])
    both = recipe.add("ShaderNodeAddShader")
    recipe.links.new(light.outputs[0], both.inputs[0])
    recipe.links.new(recipe.add("ShaderNodeBsdfTransparent").outputs[0], both.inputs[1])
    recipe.links.new(both.outputs[0], recipe.output.inputs["Surface"])
    ball = [(radius * math.cos(a), radius * math.sin(a)) for a in (math.pi * (i / 48 - 0.5) for i in range(49))]
    thing = solids.lathe([(max(0.0, r), z) for r, z in ball], seen_only(recipe.material), at=at, segments=64)
    thing.visible_shadow = thing.visible_diffuse = thing.visible_glossy = thing.visible_transmission = False
    return thing


def candle(
    at: Point, *, radius: float, height: float, colour: str = "ivory", flame_height: float = 2.6, watts: float = 2500
) -> bpy.types.Object:
    """A lit candle, burnt down a little: a hollow around the wick, a softened rim. `at` is where it stands."""
    dip = min(0.5, radius * 0.35)
    top = [(radius, height - 0.3, 0.3), (radius * 0.93, height), (radius * 0.7, height - dip * 0.45, radius * 0.3)]
    profile = [(0, 0), (radius * 0.97, 0, 0.12), *top, (radius * 0.3, height - dip, radius * 0.3), (0, height - dip)]
    wax = materials.wax(colour)
    wax.node_tree.nodes["Principled BSDF"].inputs["Subsurface Radius"].default_value = (1.0, 0.8, 0.5)
    body = solids.lathe(profile, wax, at=at)
    solids.displaced(body, radius * 0.03, radius * 1.2)
    flame((at[0], at[1], at[2] + height - dip), flame_height, watts=watts)
    return body


def _burning(height: float) -> bpy.types.Material:
    """Fire: blue and thin at the wick, gold in the body, clear towards its edge."""
    recipe = materials.Recipe("flame", "#000000")
    place = recipe.add("ShaderNodeSeparateXYZ", Vector=recipe.stretched(z=1 / height)).outputs["Z"]
    colour = recipe.ramp(place, (0.0, "#3A5BC8"), (0.16, "#F58A22"), (0.4, "#FFD070"), (1.0, "#FFAA30"))
    light = recipe.add("ShaderNodeEmission", Color=colour, Strength=recipe.between(place, 0.6, 8, 0.02, 0.34))
    edge = recipe.add("ShaderNodeLayerWeight", Blend=0.5).outputs["Facing"]
    fading = recipe.add("ShaderNodeMixShader")
    recipe.links.new(recipe.between(edge, 0.0, 0.95, 0.25, 0.95), fading.inputs[0])
    recipe.links.new(light.outputs[0], fading.inputs[1])
    recipe.links.new(recipe.add("ShaderNodeBsdfTransparent").outputs[0], fading.inputs[2])
    recipe.links.new(fading.outputs[0], recipe.output.inputs["Surface"])
    return seen_only(recipe.material)


def seen_only(material: bpy.types.Material) -> bpy.types.Material:
    """A bright material that lights nothing by itself: the lamp beside it does, without specks in the picture."""
    material.cycles.emission_sampling = "NONE"
    return material

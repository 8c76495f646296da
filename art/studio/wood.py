"""Oak and how it is worked: the grain of a whole tree, boards of any outline, sticks of any section."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import bpy

from art.studio.materials import Recipe
from art.studio.solids import Point, placed, solid

Outline = Sequence[tuple[float, float]]
"""A closed line on the table, as (x, y) in centimetres."""

TURNS = {"X": (0, 0, 0), "Y": (0, 0, 90), "Z": (0, 90, 0)}


def timber(
    tone: str = "#A2835E", *, along: str = "X", heart: tuple[float, float] = (2.0, -9.0), tilt: float = 2.0
) -> bpy.types.Material:
    """Oiled oak, cut from a tree whose pith runs past the object: rings on the ends, cathedrals on the faces.

    `along` is the axis of the grain, `heart` how far beside and below the object the pith lies, `tilt` the degrees by
    which the tree leant: it opens the rings into cathedrals.
    """
    recipe = Recipe(f"timber {along} {heart}", tone, Coat_Weight=0.06, Coat_Roughness=0.35)
    log = _in_the_tree(recipe, along, heart, tilt)
    wavy = _moved(recipe, log)
    rings = _stretched(recipe, wavy, 0.025)
    years = recipe.add("ShaderNodeTexWave", Vector=rings, Scale=0.85, Distortion=4.5, Detail=3)
    years.wave_type, years.rings_direction, years.wave_profile = "RINGS", "X", "SAW"
    years.inputs["Detail Scale"].default_value = 0.45
    year = years.outputs["Fac"]
    pores = recipe.noise(26, _stretched(recipe, wavy, 0.035), detail=2)
    fibre = recipe.noise(15, _stretched(recipe, wavy, 0.02), detail=6, rough=0.65)
    board = recipe.noise(0.12, _stretched(recipe, log, 0.3), detail=3)
    shades = ((0.0, 0.86), (0.1, 0.8), (0.34, 0.95), (0.88, 1.04), (1.0, 0.9))
    colour = recipe.ramp(year, *((place, _tinted(tone, share)) for place, share in shades))
    colour = recipe.mix(recipe.between(fibre, 0, 0.5, 0.42, 0.68), colour, _tinted(tone, 0.72))
    colour = recipe.mix(recipe.between(board, 0, 0.3, 0.35, 0.7), colour, _tinted(tone, 1.12))
    facing = recipe.add("ShaderNodeSeparateXYZ", Vector=recipe.add("ShaderNodeTexCoord").outputs["Normal"]).outputs[
        along
    ]
    across = recipe.add("ShaderNodeMath", operation="ABSOLUTE")
    recipe.links.new(facing, across.inputs[0])
    colour = recipe.mix(recipe.between(across.outputs[0], 0, 0.62, 0.55, 0.95), colour, _tinted(tone, 0.55))
    early = recipe.between(year, 1.0, 0.25, 0.0, 0.45)
    dash = recipe.add("ShaderNodeMath", operation="MULTIPLY")
    recipe.links.new(recipe.between(pores, 0, 1, 0.55, 0.64), dash.inputs[0])
    recipe.links.new(early, dash.inputs[1])
    recipe.set(Base_Color=recipe.mix(recipe.between(dash.outputs[0], 0, 0.6), colour, _tinted(tone, 0.4)))
    recipe.set(Roughness=recipe.between(fibre, 0.4, 0.58))
    recipe.set(Normal=recipe.bump(dash.outputs[0], -0.3, 0.02, recipe.bump(fibre, 0.16, 0.02)))
    return recipe.material


def _in_the_tree(recipe: Recipe, along: str, heart: tuple[float, float], tilt: float) -> Any:
    turn = tuple(math.radians(angle) for angle in TURNS[along])
    lying = recipe.add("ShaderNodeMapping", Vector=recipe.stretched(), Rotation=turn).outputs["Vector"]
    lean = (0, math.radians(tilt), math.radians(tilt * 0.6))
    return recipe.add("ShaderNodeMapping", Vector=lying, Rotation=lean, Location=(0, -heart[0], -heart[1])).outputs[0]


def _stretched(recipe: Recipe, place: Any, share: float) -> Any:
    return recipe.add("ShaderNodeMapping", Vector=place, Scale=(share, 1, 1)).outputs["Vector"]


def _moved(recipe: Recipe, place: Any) -> Any:
    """The grain sways a little on its way up the tree."""
    sway = recipe.add("ShaderNodeTexNoise", Vector=_stretched(recipe, place, 0.35), Scale=0.16, Detail=2)
    middle = recipe.add("ShaderNodeVectorMath", operation="SUBTRACT")
    recipe.links.new(sway.outputs["Color"], middle.inputs[0])
    middle.inputs[1].default_value = (0.5, 0.5, 0.5)
    push = recipe.add("ShaderNodeVectorMath", operation="MULTIPLY_ADD")
    recipe.links.new(middle.outputs[0], push.inputs[0])
    push.inputs[1].default_value = (0, 1.5, 1.5)
    recipe.links.new(place, push.inputs[2])
    return push.outputs[0]


def _tinted(colour: str, share: float) -> str:
    digits = colour.lstrip("#")
    return "#" + "".join(f"{min(255, round(int(digits[i : i + 2], 16) * share)):02X}" for i in (0, 2, 4))


def plate(
    outlines: Sequence[Outline],
    thick: float,
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    turn: Point = (0, 0, 0),
    edge: float = 0.15,
) -> bpy.types.Object:
    """A board sawn to the first outline, with the others sawn out of it; it lies on the table, `thick` high."""
    curve = bpy.data.curves.new("plate", "CURVE")
    curve.dimensions, curve.fill_mode = "2D", "BOTH"
    curve.extrude, curve.bevel_depth, curve.bevel_resolution = thick / 2 - edge, edge, 3
    curve.offset = -edge
    for outline in outlines:
        spline = curve.splines.new("POLY")
        spline.points.add(len(outline) - 1)
        for point, (x, y) in zip(spline.points, outline, strict=True):
            point.co = (x, y, 0, 1)
        spline.use_cyclic_u = True
    sawn = bpy.data.objects.new("plate", curve)
    bpy.context.collection.objects.link(sawn)
    mesh = bpy.data.meshes.new_from_object(sawn.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    bpy.data.objects.remove(sawn)
    vertices = [(v.co.x, v.co.y, v.co.z + thick / 2) for v in mesh.vertices]
    faces = [tuple(polygon.vertices) for polygon in mesh.polygons]
    return placed(solid(vertices, faces, material, merge=0.0005), at, turn)


def stick(
    length: float,
    section: Callable[[float], tuple[float, float, float]],
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    turn: Point = (0, 0, 0),
    hollow: Callable[[float, float], float] | None = None,
    square: float = 2.0,
) -> bpy.types.Object:
    """A carved stick along x.

    `section` gives half its width, half its height and how far its middle is lifted, at each share of the length.
    `hollow` is how deep the top is carved out at a share of the length and of the width (-1 to 1); `square` over 2
    squares the section.
    """
    rings, around = 120, 56
    vertices: list[Point] = []
    for i in range(rings + 1):
        t = (1 - math.cos(math.pi * i / rings)) / 2
        wide, high, lift = section(t)
        for j in range(around):
            angle = 2 * math.pi * j / around
            y, z = (_squared(value, square) for value in (math.cos(angle), math.sin(angle)))
            carved = hollow(t, y) if hollow and z > 0 else 0.0
            vertices.append((length * (t - 0.5), wide * y, lift + high * z - carved))
    faces: list[Sequence[int]] = [
        (i * around + j, i * around + (j + 1) % around, (i + 1) * around + (j + 1) % around, (i + 1) * around + j)
        for i in range(rings)
        for j in range(around)
    ]
    faces += [tuple(range(around)), tuple(rings * around + j for j in range(around))]
    thing = solid(vertices, faces, material, at=at, turn=turn)
    thing.data.set_sharp_from_angle(angle=math.radians(80))
    return thing


def _squared(value: float, power: float) -> float:
    return math.copysign(abs(value) ** (2 / power), value)


def arc(x: float, y: float, radius: float, start: float, end: float, steps: int = 24) -> list[tuple[float, float]]:
    """Points of an arc around (x, y), from one angle to another in degrees."""
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def oblong(width: float, depth: float, radius: float, *, x: float = 0, y: float = 0) -> list[tuple[float, float]]:
    """A rectangle around (x, y) with round corners."""
    right, top = width / 2 - radius, depth / 2 - radius
    corners = [(right, top, 0), (-right, top, 90), (-right, -top, 180), (right, -top, 270)]
    return [p for cx, cy, a in corners for p in arc(x + cx, y + cy, radius, a, a + 90, 8)]


def dressed(
    size: Point, material: bpy.types.Material, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0), edge: float = 0.12
) -> bpy.types.Object:
    """A planed board of width, depth and height, its arrises eased."""
    x, y, z = size[0] / 2, size[1] / 2, size[2]
    return plate([[(-x, -y), (x, -y), (x, y), (-x, y)]], z, material, at=at, turn=turn, edge=edge)

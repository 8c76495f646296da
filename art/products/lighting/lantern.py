"""The Beacon Lantern: a glass cylinder between two brass plates; 16 cm across, 30 cm high, 36 cm with its handle."""

from __future__ import annotations

import math

import bpy

from art.products.lighting import parts
from art.studio import materials, solids, stage, things
from art.studio.shots import shot


@shot("beacon-lantern")
def lantern(_name: str) -> None:
    """The lantern with a pillar candle burning in it."""
    parts.evening(34, strength=0.36)
    _lantern(lid_at=(0, 0, 27.2), turn=(0, 0, 0))
    stage.camera((0, 0, 17.2), width=50, pitch=12)


@shot("beacon-lantern-detail")
def open_top(_name: str) -> None:
    """The top taken off and leant against the glass, so that the candle can be lit."""
    parts.evening(34, strength=0.36)
    _lantern(lid_at=(16.5, -7, 0.82), turn=(0, 0, -24))
    stage.camera((6.5, -3, 12.0), width=44, pitch=24)


def _lantern(lid_at: tuple[float, float, float], turn: tuple[float, float, float]) -> None:
    brass = materials.turned_brass(rough=0.2)
    base = [
        (0, 0),
        (7.6, 0, 0.2),
        (8.0, 0.35, 0.2),
        (8.0, 1.3, 0.2),
        (7.75, 1.55, 0.1),
        (7.5, 1.55),
        (7.5, 1.1),
        (0, 1.1),
    ]
    solids.lathe(base, brass)
    wall = [(7.0, 1.1), (7.15, 1.05), (7.3, 1.2), (7.3, 27.0), (7.15, 27.12), (7.0, 27.0), (7.0, 1.1)]
    solids.lathe(wall, pane())
    _lid(lid_at, turn, brass)
    things.candle((0, 0, 1.1), radius=3.6, height=12.5, flame_height=3.4, watts=22000)


def _lid(at: tuple[float, float, float], turn: tuple[float, float, float], brass: bpy.types.Material) -> None:
    """The upper plate, its low chimney with a ring of holes, and the round handle; its origin is below its middle."""
    frame = bpy.data.objects.new("lid", None)
    bpy.context.collection.objects.link(frame)
    under = [
        (0, 0.1),
        (6.8, 0.1),
        (6.8, -0.8),
        (6.9, -0.8),
        (6.9, 0.0),
        (7.8, 0.0, 0.1),
        (8.0, 0.3, 0.2),
        (8.0, 0.8, 0.2),
    ]
    neck = [(7.7, 1.05, 0.2), (4.3, 1.5, 0.6), (3.9, 1.9, 0.3), (3.9, 2.9), (4.4, 3.1, 0.1), (4.4, 3.4, 0.15), (0, 3.8)]
    parts_of_lid = [solids.lathe([*under, *neck], brass)]
    dark = materials.plain("#0E0B08")
    for i in range(18):
        a = 2 * math.pi * i / 18
        hole = solids.lathe([(0, 0), (0.3, 0), (0.3, 0.06), (0, 0.06)], dark, segments=24)
        parts_of_lid.append(
            solids.placed(hole, (3.88 * math.cos(a), 3.88 * math.sin(a), 2.4), (0, 90, math.degrees(a)))
        )
    parts_of_lid.append(solids.lathe([(0, 3.6), (0.6, 3.6), (0.6, 4.3, 0.2), (0, 4.5)], brass))
    loop = [(2.5 * math.cos(a), 0, 6.4 + 2.4 * math.sin(a)) for a in (2 * math.pi * i / 16 for i in range(16))]
    parts_of_lid.append(solids.tube(loop, 0.28, brass, closed=True))
    for piece in parts_of_lid:
        piece.parent = frame
    solids.placed(frame, at, turn)


def pane() -> bpy.types.Material:
    """Thin clear glass that lets a flame's light out: seen by its reflections and its darker edges."""
    recipe = materials.Recipe("pane", "#FFFFFF")
    grazing = recipe.add("ShaderNodeLayerWeight", Blend=0.5).outputs["Facing"]
    tint = recipe.ramp(grazing, (0.55, "#FBFCFB"), (0.88, "#D5DAD6"), (1.0, "#6E7A76"))
    clear = recipe.add("ShaderNodeBsdfTransparent", Color=tint)
    shine = recipe.add("ShaderNodeBsdfGlossy", Roughness=0.02)
    rim = recipe.add("ShaderNodeLayerWeight", Blend=0.12).outputs["Fresnel"]
    deep = recipe.add("ShaderNodeLightPath").outputs["Transparent Depth"]
    outermost = recipe.add("ShaderNodeMath", operation="MULTIPLY")
    recipe.links.new(recipe.between(rim, 0.05, 0.9), outermost.inputs[0])
    recipe.links.new(recipe.between(deep, 1, 0), outermost.inputs[1])
    both = recipe.add("ShaderNodeMixShader")
    recipe.links.new(outermost.outputs[0], both.inputs[0])
    recipe.links.new(clear.outputs[0], both.inputs[1])
    recipe.links.new(shine.outputs[0], both.inputs[2])
    recipe.links.new(both.outputs[0], recipe.output.inputs["Surface"])
    return recipe.material

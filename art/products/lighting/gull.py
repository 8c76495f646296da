"""The Gull Reading Lamp: a brass arm with two joints; 45 cm wide, 24 cm deep, 48 cm high."""

from __future__ import annotations

import math
from itertools import pairwise

import bpy
from mathutils import Vector

from art.products.lighting import parts
from art.studio import materials, solids, stage, things
from art.studio.shots import shot

FOOT, ELBOW, HEAD = (-9.0, 0.0, 2.0), (-17.5, 0.0, 27.0), (11.0, 0.0, 44.5)


@shot("gull-reading-lamp")
def lamp(_name: str) -> None:
    """The lamp over an open book."""
    _lamp()
    stage.camera((1.5, 0, 22), width=68, pitch=13, turn=-8)


@shot("gull-reading-lamp-detail")
def elbow(_name: str) -> None:
    """The upper joint: two cheeks, a knurled screw, brushed brass."""
    _lamp()
    stage.camera((-12.5, 0, 28.5), width=20, pitch=10, turn=-14, focus=ELBOW, aperture=3)


def _lamp() -> None:
    parts.evening(44)
    brass = materials.turned_brass(rough=0.18)
    solids.lathe(
        [(0, 0), (11.6, 0, 0.2), (12.0, 0.4, 0.3), (12.0, 1.1, 0.4), (11.4, 1.6, 0.4), (0, 1.8)], brass, at=(-9, 0, 0)
    )
    solids.lathe([(0, 0), (1.6, 0), (1.6, 0.5, 0.3), (0.9, 1.2, 0.3), (0.9, 2.5), (0, 2.5)], brass, at=(-9, 0, 1.7))
    joints = ((-9.0, 0.0, 5.0), ELBOW, HEAD)
    for start, end in pairwise(joints):
        solids.tube([start, end], 0.62, brass)
    for joint in joints:
        _joint(joint, brass)
    _head(brass)
    parts.cord([(-9, 11, 1), (-10, 16, 0.4), (-22, 20, 0.35), (-40, 12, 0.35), (-70, 14, 0.35)])
    _open_book((13.5, -3, 0))


def _joint(at: tuple[float, float, float], brass: bpy.types.Material) -> None:
    """A short drum across the arm, a screw with a milled edge in front."""
    x, y, z = at
    drum = [(0, 0), (1.25, 0, 0.15), (1.35, 0.2, 0.1), (1.35, 2.0, 0.1), (1.25, 2.2, 0.15), (0, 2.2)]
    solids.lathe(drum, brass, at=(x, y + 1.1, z), turn=(90, 0, 0), segments=96)
    solids.lathe([(0, 0), (0.55, 0), (0.55, 0.6), (0, 0.6)], brass, at=(x, y - 1.1, z), turn=(90, 0, 0))
    teeth = 60
    ring = [(0.95 + 0.05 * (i % 2)) for i in range(teeth * 2)]
    outline = [
        (r * math.cos(math.pi * i / teeth), r * math.sin(math.pi * i / teeth), level)
        for level in (0.0, 0.9)
        for i, r in enumerate(ring)
    ]
    count = teeth * 2
    faces = [(i, (i + 1) % count, count + (i + 1) % count, count + i) for i in range(count)]
    caps = [list(reversed(range(count))), list(range(count, 2 * count))]
    solids.bevelled(solids.solid(outline, [*faces, *caps], brass, at=(x, y - 1.6, z), turn=(90, 0, 0)), 0.05, 2)


def _head(brass: bpy.types.Material) -> None:
    """The shade, tilted so that the light falls on the page: brass outside, white inside, a small bulb in it."""
    tilt = 16
    shape = [(1.7, 0), (2.0, -0.3), (2.2, -2.4), (3.4, -5.0), (5.2, -8.6), (7.0, -12.0)]
    outside = solids.flowing(shape)
    top = [(0, 1.6), (1.2, 1.5), (1.5, 1.1), (1.7, 0)]
    start = (HEAD[0] + 1.0, HEAD[1], HEAD[2] - 0.6)
    solids.lathe([*top, *outside[1:], (7.05, -12.1), (6.85, -12.1)], brass, at=start, turn=(0, tilt, 0))
    inside = [(radius - 0.2, height) for radius, height in outside]
    solids.lathe([(0, -0.3), *inside], materials.plain("#F4EEE2", rough=0.35), at=start, turn=(0, tilt, 0))
    down = Vector((-math.sin(math.radians(tilt)), 0, -math.cos(math.radians(tilt))))
    place = Vector(start) + down * 9.0
    bulb = solids.lathe(
        solids.flowing([(0, -2.4), (1.6, -1.4), (2.1, 0.4), (1.4, 2.6), (1.2, 5)]),
        things.seen_only(materials.glow("#FFE2B8", 14)),
        at=tuple(place),
        turn=(0, tilt, 0),
    )
    bulb.visible_shadow = bulb.visible_diffuse = False
    things.lamp(tuple(place), 26000, radius=1.8)


def _open_book(at: tuple[float, float, float]) -> None:
    """A book lying open: two blocks of pages that rise from the spine and fall to the edge, set in lines."""
    x, y, _ = at
    solids.box((29, 20.5, 0.3), materials.paper("#4A5A60"), at=at, turn=(0, 0, 6), edge=0.1)
    for side in (-1, 1):

        def page(u: float, _v: float, side: int = side) -> float:
            way = (side * u + 6.9) / 13.8
            return 0.5 + 1.75 * math.sin(math.pi * min(1.0, way * 1.12 + 0.1)) ** 0.7 * (1 - way * 0.35) * min(
                1, 0.35 + way * 4
            )

        turn = math.radians(6)
        middle = (x + side * 7.0 * math.cos(turn), y + side * 7.0 * math.sin(turn), 0.25)
        solids.cloth(13.8, 19.6, page, _printed(), at=middle, turn=(0, 0, 6), thick=0.05, cells=60)
        edge = solids.cloth(
            13.6,
            19.5,
            lambda u, v, page=page: page(u, v) - 0.12,
            materials.paper("#D9D0BE"),
            at=middle,
            turn=(0, 0, 6),
            thick=0.2,
            cells=60,
        )
        del edge


def _printed() -> bpy.types.Material:
    """A page of text, too small to read."""
    recipe = materials.Recipe("print", "#EFE8DA", Roughness=0.9)
    line = recipe.wave(0.42, direction="Y")
    axes = recipe.add("ShaderNodeSeparateXYZ", Vector=recipe.stretched())
    letters = recipe.noise(3.0, recipe.stretched(1.6, 0.35, 1), detail=2)
    ink = recipe.between(line, 0, 1, 0.55, 0.8)
    gaps = recipe.between(letters, 0, 1, 0.38, 0.46)
    inside = []
    for axis, reach in (("X", 5.2), ("Y", 8.0)):
        away = recipe.add("ShaderNodeMath", operation="ABSOLUTE")
        recipe.links.new(axes.outputs[axis], away.inputs[0])
        inside.append(recipe.between(away.outputs[0], 1, 0, reach, reach + 0.05))
    factor = ink
    for part in (gaps, *inside):
        product = recipe.add("ShaderNodeMath", operation="MULTIPLY")
        recipe.links.new(factor, product.inputs[0])
        recipe.links.new(part, product.inputs[1])
        factor = product.outputs[0]
    recipe.set(Base_Color=recipe.mix(factor, "#EFE8DA", "#6B6459"))
    return recipe.material

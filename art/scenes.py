"""The wide pictures of the front page and of what we say about ourselves: rooms made of the same things."""

from __future__ import annotations

import math
from itertools import pairwise

import bpy
from mathutils import Vector

from art.products.kitchen import board, clay
from art.products.lighting import dusk
from art.products.scent import candles
from art.products.storage import jar, shelf
from art.products.tableware import bowl, glasses, mug, plate, teapot, vase
from art.products.textiles import fabric, hanging
from art.studio import drape, materials, room, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point

WIDE = (1440, 960)


@shot("morning", size=WIDE)
def morning(_: str) -> None:
    """Breakfast on an oak table beside a window: teapot, mug, bowl and linen in the first sun."""
    room.wall("#D9CDBB")
    with solids.moved(at=(0, -62, 0)):
        _table(depth=120)
    _linen(at=(15, -65, 0.1), turn=-24)
    teapot.teapot(at=(-12, -46, 0), turn=(0, 0, -24))
    with solids.moved(at=(17, -64, 0.35), turn=(0, 0, -30)):
        mug.mug("moss")
        mug.coffee(7.9)
    plate.side(at=(-34, -62, 0))
    bowl.small("fog", at=(-34, -62, 0.9))
    glasses.tumbler(at=(3, -36, 0), seed=3)
    glasses.water(at=(3, -36, 0))
    with solids.moved(at=(33, -30, 0)):
        vase.vase()
        vase.reeds()
    _window_sun(Vector((6, -46, 4)))
    stage.camera((-1.5, -46, 15.5), width=104, pitch=11, lens=60, focus=(0, -60, 6), aperture=4)


@shot("shelf", size=WIDE)
def kitchen_shelf(_: str) -> None:
    """The Hull Shelf in a kitchen: jars, bowls, mugs, a board."""
    room.wall("#CBCBBD")
    stage.daylight(74, strength=1.25)
    shelf.shelf()
    for size, x in (("two", -31.5), ("one", -19.0), ("half", -7.8)):
        jar.jar(size, at=(x, -9.5, 0), turn=x * 9)
    board.board("small", at=(3.0, -4.4, 0), turn=(0, 10 - 90, 92))
    bowl.small("clay", at=(17.5, -11, 0))
    bowl.small("fog", at=(17.5, -11, 2.75), turn=(0, 0, 50))
    mug.mug("moss", at=(30.5, -12, 0), turn=(0, 0, -35))
    with solids.moved(at=(0.5, -14.2, 0)):
        clay.pot()
        clay.lid(at=(0, 0, 7.9))
    stage.camera((0, -8, 5), width=104, pitch=5, turn=-9, lens=70)


@shot("evening", size=WIDE)
def evening(_: str) -> None:
    """A corner after dark: the lamp is lit, a candle burns, a throw lies folded beside a book."""
    room.wall("#B7A994")
    with solids.moved(at=(0, -62, 0)):
        _table(depth=120)
    stage.daylight(80, strength=0.26)
    with solids.moved(at=(-19, -26, 0), turn=(0, 0, 165)):
        dusk.table_lamp("chalk")
    with solids.moved(at=(23, -29, 0), turn=(0, 0, 6)):
        _folded_throw("fog")
    with solids.moved(at=(27, -31, 9.3), turn=(0, 0, 12)):
        shelf.book((3.0, 14, 20), "#34444C", at=(0, 0, 0), turn=(0, 90, 90))
    with solids.moved(at=(-3.5, -47, 0)):
        candles.cup("fog")
    stage.camera((1, -30, 17.5), width=90, pitch=9, lens=70, focus=(0, -40, 8), aperture=5)


def _table(*, depth: float, width: float = 260) -> None:
    """A table top of oak boards; its top is at z = 0, its middle at the origin."""
    boards = 6
    each = depth / boards
    for index in range(boards):
        oak = wood.timber("#A98D68", heart=(3.0 - index * 1.7, -8 - index), tilt=1 + 0.4 * index)
        solids.box((width, each - 0.06, 3), oak, at=(0, (index - boards / 2 + 0.5) * each, -3), edge=0.12)


def _linen(*, at: Point, turn: float) -> None:
    """A napkin that was put down and not smoothed."""
    ground = solids.box((120, 120, 2), materials.plain("#FFFFFF"), at=(0, 0, -2), edge=0)
    gather = hanging.gathered(0.88, ((1.0, 16, 0.4), (0.6, 9, 1.3)))
    cloth = drape.sheet(46, 34, lambda x, y: (*gather(x, y)[:2], gather(x, y)[2] + 2.2), cell=0.8)
    fallen = drape.fallen(cloth, [ground], frames=45, gap=0.12)
    bpy.data.objects.remove(ground)
    linen = fabric.linen(**fabric.dyed("undyed"), hem=(23, 17, 0.9))
    fallen.solid(linen, thick=0.14, at=at, turn=(0, 0, turn))


def _folded_throw(colour: str) -> None:
    """A throw folded to four layers; its last end, with the stripes and the fringe, hangs over the left."""
    reach, radius = 15.5, 1.1
    path: list[Point] = []
    for layer in range(4):
        side = 1 if layer % 2 == 0 else -1
        level = 0.6 + layer * 2 * radius
        for step in range(9):
            x = side * (-reach + 2 * reach * step / 8)
            path.append((x, 0, level + 0.18 * math.sin(x * 0.3 + layer * 1.7)))
        if layer < 3:
            path += [
                (side * (reach + radius * math.sin(a)), 0, level + radius * (1 - math.cos(a)))
                for a in (math.pi * i / 5 for i in range(1, 5))
            ]
    path += [(-reach - 0.9, 0, 6.9), (-reach - 1.5, 0, 5.8)]
    length = sum(math.dist(here, there) for here, there in pairwise(path))
    bands = [(length - far, length - far + 1.4) for far in (13.0, 10.2, 7.4)]
    tones = fabric.dyed(colour)
    wool = fabric.wool(**tones, bands=bands, stripe="#E9E2D3")
    solids.displaced(hanging.ribbon(path, 36, wool, side=(0, 1, 0), thick=1.7), 0.7, 6)
    yarn = materials.wool(tones["colour"])
    for index in range(30):
        y, sway = -17.4 + index * 1.2, math.sin(index * 12.9)
        tassel = [(-16.9, y, 5.8), (-17.5, y, 4.4), (-17.6 + 0.3 * sway, y + 0.3 * sway, 1.2)]
        solids.tube(tassel, lambda way: 0.24 + 0.1 * way, yarn)


def _window_sun(aim: Vector) -> None:
    """Low sun through a window of six panes to the left, and the sky around it."""
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = 5.5, math.radians(1.6), materials.linear("#FFE2BC")[:3]
    ray = Vector((0.80, 0.36, -0.47)).normalized()
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_euler = ray.to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(lamp)
    _frame(aim - ray * 190, ray)
    stage.softbox((-190, -120, 120), (0, -45, 5), size=170, watts=1_000_000, colour="#EEF3FF")
    stage.softbox((170, -150, 90), (0, -40, 10), size=180, watts=260_000, colour="#FFF4E6")
    world = bpy.data.worlds.new("room")
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (1, 0.97, 0.93, 1)
    background.inputs["Strength"].default_value = 0.22
    bpy.context.scene.world = world


def _frame(at: Vector, ray: Vector) -> None:
    """What the sun does not shine through: a wall with an opening, and the bars of the window in it."""
    wide, high, far = 84.0, 92.0, 600.0
    pieces = [
        ((far, 1, far), (-wide / 2 - far / 2, 0, -far / 2)), ((far, 1, far), (wide / 2 + far / 2, 0, -far / 2)),
        ((wide, 1, far), (0, 0, high / 2)), ((wide, 1, far), (0, 0, -high / 2 - far)),
        ((3, 1, high), (0, 0, -high / 2)),
        ((wide, 1, 3), (0, 0, -high / 6 - 1.5)), ((wide, 1, 3), (0, 0, high / 6 - 1.5)),
    ]  # fmt: skip
    dark = materials.plain("#808080")
    parts = [solids.box(size, dark, at=place, edge=0) for size, place in pieces]
    for part in parts:
        part.visible_camera = part.visible_diffuse = part.visible_glossy = part.visible_transmission = False
    across = Vector((-ray.y, ray.x, 0)).normalized()
    solids.together(*parts, at=tuple(at), turn=(0, 0, math.degrees(math.atan2(across.y, across.x))))

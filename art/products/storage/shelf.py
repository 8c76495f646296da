"""The Hull Shelf: an oak board whose front is rounded underneath, on two curved brass brackets."""

from __future__ import annotations

import math

import bpy

from art.studio import materials, room, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point


@shot("hull-shelf")
def in_use(_name: str) -> None:
    """On a wall, with books, a vase and a bowl on it."""
    room.wall(stage.BACKDROPS["storage"])
    stage.daylight(74, strength=1.3)
    shelf()
    _books()
    vase((16, -10, 0))
    _bowl((29, -10, 0))
    stage.camera((0, -8, 3), width=96, pitch=7, turn=-13)


@shot("hull-shelf-detail")
def edge(_name: str) -> None:
    """The end of the board and a bracket, from a little below."""
    room.wall(stage.BACKDROPS["storage"])
    stage.daylight(36, strength=1.3)
    shelf()
    _bowl((14, -10, 0))
    stage.camera((29, -12, -3.5), width=36, pitch=-9, turn=38, focus=(34, -19, -1), aperture=5)


def shelf() -> None:
    """80 × 20 × 2.2 cm; its top is at z = 0, the wall at y = 0."""
    keel = [
        (-20 + 4.4 * (1 - math.cos(a)), -0.35 - 1.85 * math.sin(a)) for a in (math.pi / 2 * i / 14 for i in range(15))
    ]
    front = [(-20.0, -0.1), *keel[1:]]
    outline = [(0, 0), (-19.9, 0), *front, (0, -2.2)]
    wood.plate(
        [outline[::-1]],
        80,
        wood.timber(along="Z", heart=(6, -14), tilt=1.2),
        at=(-40, 0, 0),
        turn=(90, 0, 90),
        edge=0.08,
    )
    metal = materials.turned_brass(rough=0.28)
    for x in (-27, 27):
        bracket(x, metal)


def bracket(x: float, metal: bpy.types.Material) -> None:
    """A bar on the wall, a bar under the board, and a quarter of a circle between their ends."""
    down, out, thick = 15.0, 15.5, 0.45
    wall = [(x, -thick, -2.4), (x, -thick, -2.4 - down)]
    under = [(x, -0.1, -2.2 - thick), (x, -out, -2.2 - thick)]
    for path in (wall, under):
        solids.tube(path, thick, metal)
    curve: list[Point] = [
        (x, -thick - (out - 1.6) * math.sin(a), -2.4 - thick - (down - 0.8) * math.cos(a) ** 1.0)
        for a in (math.pi / 2 * i / 20 for i in range(21))
    ]
    solids.tube(curve, thick, metal)
    for y, z in ((-thick, -2.4 - down), (-out, -2.2 - thick)):
        ball = [(0, -0.62), (0.44, -0.44), (0.62, 0), (0.44, 0.44), (0, 0.62)]
        solids.lathe(solids.flowing(ball), metal, at=(x, y, z), segments=48)
    for z in (-5.2, -14.2):
        plate = [(0, 0), (0.95, 0), (0.95, 0.3, 0.1), (0.5, 0.42, 0.1), (0, 0.44)]
        solids.lathe(plate, metal, at=(x, -thick, z), turn=(90, 0, 0), segments=48)


def _books() -> None:
    """A row of books, the last one leaning."""
    x = -36.0
    for thick, high, deep, colour in (
        (3.2, 22.5, 15.5, "#34444C"), (2.2, 20.4, 14, "#C9BCA3"), (4.0, 24.0, 16.5, "#8A5A47"),
        (1.8, 19.0, 13, "#6E7760"), (2.9, 21.5, 15, "#E6DECD"), (2.4, 23.0, 15.5, "#47585A"),
        (3.4, 20.0, 14, "#B0935A"),
    ):  # fmt: skip
        book((thick, deep, high), colour, at=(x + thick / 2, -17 + deep / 2, 0))
        x += thick + 0.12
    book((2.6, 14.5, 21.5), "#8E9A98", at=(x + 4.6, -17 + 7.2, 0.55), turn=(0, -13, 0))


def book(size: Point, colour: str, *, at: Point, turn: Point = (0, 0, 0)) -> None:
    """A book on its foot, its spine to the front: boards, a rounded back, leaves a little shorter."""
    thick, deep, high = size
    cover = materials.linen(colour, threads=14, weave=0.3)
    pages = materials.paper("#EDE4D0")
    parts = [solids.box((thick - 0.5, deep - 0.7, high - 0.7), pages, at=(0, 0.1, 0.35), edge=0.05)]
    boards = (thick / 2 - 0.125, 0.125 - thick / 2)
    parts += [solids.box((0.25, deep, high), cover, at=(x, 0, 0), edge=0.08) for x in boards]
    back = [
        (thick / 2 * math.cos(a), -deep / 2 + 0.25 - 0.45 * math.sin(a)) for a in (math.pi * i / 16 for i in range(17))
    ]
    spine = wood.plate([[*back, (-thick / 2, -deep / 2 + 0.6), (thick / 2, -deep / 2 + 0.6)]], high, cover, edge=0.06)
    parts.append(spine)
    title = materials.plain(_lettering(colour), rough=0.5)
    parts.append(solids.box((thick * 0.5, 0.05, 0.22), title, at=(0, -deep / 2 - 0.19, high * 0.8), edge=0))
    parts.append(solids.box((thick * 0.32, 0.05, 0.22), title, at=(0, -deep / 2 - 0.19, high * 0.75), edge=0))
    solids.together(*parts, at=at, turn=turn)


def _lettering(colour: str) -> str:
    return "#D8C79A" if int(colour[1:3], 16) < 0xA0 else "#5A4A38"


def vase(at: Point) -> None:
    """A Moss vase with two dry stems."""
    outside = solids.flowing(
        [(3.4, 0), (4.6, 0.4), (6.2, 4.2), (6.4, 7.6), (4.6, 11.6), (2.4, 14.2), (2.1, 16), (2.5, 17.2)]
    )
    solids.lathe(solids.walled(outside, 0.4, floor=0.6), materials.glaze("moss"), at=at)
    straw = materials.plain("#A58B5B")
    x, y, z = at
    for lean, high, seed in ((3.0, 22, 0), (-3.6, 18, 1), (0.4, 25, 2)):
        path = [
            (x, y, z + 6),
            (x + lean * 0.4, y + 0.3, z + 6 + high * 0.5),
            (x + lean * 1.7, y + 0.6 * seed, z + 6 + high),
        ]
        solids.tube(path, 0.09, straw)
        _ear(path[-1], lean, seed)


def _ear(tip: Point, lean: float, seed: int) -> None:
    """The ear of a grass: grains along the end of a stem."""
    grain = materials.plain("#C2A670")
    for i in range(34):
        t, a = i / 34, i * 2.4 + seed
        width = 0.42 * (1 - t) + 0.12
        at = (tip[0] + lean * 0.12 * t * 3 + width * math.cos(a), tip[1] + width * math.sin(a), tip[2] - 4.2 + 6.4 * t)
        body = [(0, 0), (0.13, 0.25), (0.1, 0.6), (0, 0.95)]
        solids.lathe(body, grain, at=at, turn=(-22 * math.sin(a), 22 * math.cos(a), 0), segments=10)


def _bowl(at: Point) -> None:
    """A Fog bowl."""
    outside = [(3.2, 0), (3.5, 0.6, 0.2), (6.2, 3.0, 2.0), (7.2, 7.0)]
    solids.lathe(solids.walled(outside, 0.42, floor=1.0), materials.glaze("fog"), at=at)

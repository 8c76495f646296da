"""Cove Teapot: 22 × 16 × 14 cm, 20 cm high with the handle up."""

from __future__ import annotations

import math

import bpy
from mathutils import Vector

from art.products.tableware.mug import mug
from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point

COLOUR = "#7F9399"
CLAY = "#A98A69"


@shot("cove-teapot")
def cove_teapot(_: str) -> None:
    """The pot with its handle up, the spout to the right."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(26)
    teapot(turn=(0, 0, -12))
    stage.camera((2.6, 0, 9.2), width=30, pitch=15)


@shot("cove-teapot-detail")
def cove_teapot_detail(_: str) -> None:
    """The knob, the joint of the handle and the sharp lip of the spout; a mug behind."""
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(20)
    teapot(turn=(0, 0, -38))
    mug("chalk", at=(-11, 14, 0), turn=(0, 0, 160))
    stage.camera((3.2, -2, 10.6), width=19, pitch=24, focus=(4, -5, 11), aperture=3)


def teapot(*, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """Round, with an overhead handle of brass and a knob of oak; the spout points along x."""
    glaze = materials.dipped(COLOUR, line=0.75, clay=CLAY)
    parts = [_body(glaze), _spout(glaze), *_lid(glaze), *_handle(glaze)]
    return solids.together(*parts, at=at, turn=turn)


def _body(glaze: bpy.types.Material) -> bpy.types.Object:
    foot = [(0, 0.5), (4.6, 0.5), (4.7, 0.0), (5.4, 0.05)]
    belly = solids.flowing([(5.6, 0.35), (6.9, 1.6), (7.9, 4.0), (7.9, 6.2), (6.9, 8.6), (4.9, 10.25), (4.25, 10.5)])
    collar = [(4.2, 10.75, 0.15), (3.9, 10.75, 0.15), (3.85, 10.3), (3.85, 9.5)]
    return solids.displaced(solids.lathe([*foot, *belly, *collar], glaze), 0.07, 6)


def _lid(glaze: bpy.types.Material) -> list[bpy.types.Object]:
    dome = [(3.75, 10.35), (3.8, 10.78, 0.12), (3.6, 11.05, 0.3), (2.2, 11.75, 1.4), (0.9, 12.05, 0.6), (0, 12.08)]
    knob = [(0.5, 12.0), (0.55, 12.3, 0.2), (0.95, 12.75, 0.4), (1.15, 13.4, 0.4), (0.9, 13.95, 0.45), (0, 14.05)]
    washer = [(0, 12.0), (0.75, 12.02), (0.75, 12.16, 0.05), (0, 12.16)]
    return [
        solids.lathe(dome, glaze),
        solids.lathe(washer, materials.brass()),
        solids.lathe(knob, wood.timber("#A07A50", along="Z", heart=(1.0, -4.0))),
    ]


def _spout(glaze: bpy.types.Material) -> bpy.types.Object:
    """A tapering pipe that leaves the belly low and ends in a sharp edge."""
    stations = [
        (Vector((5.9, 0, 4.3)), 58, 2.5),
        (Vector((7.4, 0, 5.0)), 54, 2.1),
        (Vector((8.8, 0, 5.9)), 50, 1.65),
        (Vector((10.4, 0, 7.6)), 46, 1.28),
        (Vector((11.8, 0, 9.2)), 44, 1.06),
        (Vector((13.0, 0, 10.35)), 24, 0.98),
        (Vector((13.7, 0, 10.8)), 8, 0.96),
    ]
    smooth = [_between(stations, step / 40 * (len(stations) - 1)) for step in range(41)]
    outer = [_ring(place, tilt, radius) for place, tilt, radius in smooth]
    inner = [_ring(place, tilt, radius * 0.8 - 0.02) for place, tilt, radius in reversed(smooth[16:])]
    return solids.smoothed(solids.loft([*outer, *inner], glaze), 1)


def _between(stations: list[tuple[Vector, float, float]], where: float) -> tuple[Vector, float, float]:
    first = min(int(where), len(stations) - 2)
    share = where - first
    share = share * share * (3 - 2 * share) * 0.35 + share * 0.65
    (a, b, c), (d, e, f) = stations[first], stations[first + 1]
    return a.lerp(d, share), b + (e - b) * share, c + (f - c) * share


def _ring(place: Vector, tilt: float, radius: float, count: int = 40) -> list[Point]:
    """A circle around a place of the spout, leaning `tilt` degrees back from lying flat on end."""
    lean = math.radians(tilt)
    across, up = Vector((0, 1, 0)), Vector((-math.cos(lean), 0, math.sin(lean)))
    angles = (2 * math.pi * i / count for i in range(count))
    return [tuple(place + across * radius * math.cos(a) + up * radius * math.sin(a)) for a in angles]


def _handle(glaze: bpy.types.Material) -> list[bpy.types.Object]:
    """A hoop of brass between two lugs, 20 cm over the table."""
    metal = materials.brass(rough=0.3)
    hoop = [(x, 0, z) for x, z in _hoop()]
    parts = [solids.tube(hoop, 0.36, metal, steps=8)]
    for side in (-1, 1):
        lug = solids.tube(
            [(side * 5.2, 0, 9.3), (side * 6.0, 0, 10.5), (side * 6.3, 0, 11.0)], lambda t: 0.95 - 0.3 * t, glaze
        )
        pin = solids.lathe([(0, -0.95), (0.42, -0.95, 0.12), (0.42, 0.95, 0.12), (0, 0.95)], metal)
        parts += [lug, solids.placed(pin, (side * 6.15, 0, 10.95), (90, 0, 0))]
    return parts


def _hoop() -> list[tuple[float, float]]:
    arch = [(6.5 * math.cos(a), 14.2 + 5.45 * math.sin(a)) for a in (math.pi * i / 20 for i in range(21))]
    return [(6.15, 10.9), (6.35, 12.4), *arch, (-6.35, 12.4), (-6.15, 10.9)]

"""The Locker Box: oak boards, fingers at the corners, no metal."""

from __future__ import annotations

import bpy

from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point

WIDE, DEEP, HIGH, THICK = 35.4, 23.4, 20.0, 1.5
FINGERS = 7


@shot("locker-box")
def open_box(_name: str) -> None:
    """The box from a corner, its lid leaning on it."""
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(42)
    box(turn=-32)
    letters(turn=-32)
    lid(at=(20.5, -9.0, 0.0), turn=(0, -68, -32))
    stage.camera((4.5, -2, 8.2), width=63, pitch=19)


@shot("locker-box-detail")
def corner(_name: str) -> None:
    """The fingers of a corner, the lid on."""
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(30)
    box(turn=-40)
    closed = lid(turn=(0, 0, -40))
    closed.location.z = HIGH - 2.0
    stage.camera((3.5, -18, 12.5), width=25, pitch=20, focus=(6.1, -20.8, 13), aperture=6)


def box(*, turn: float) -> None:
    """36 × 24 cm with the lid, 18 high without; every board with its own grain."""
    high = HIGH - 2.0
    parts = []
    for side in (-1, 1):
        long = wood.timber(heart=(2 * side, -9 - side), tilt=1.6)
        y = side * (DEEP / 2) + (THICK if side < 0 else 0)
        parts.append(_board(WIDE, high, long, out_first=True, at=(0, y, 0), turn=(90, 0, 0)))
        short = wood.timber(heart=(4 * side, -7), tilt=2.2)
        x = side * (WIDE / 2) - (THICK if side > 0 else 0)
        parts.append(_board(DEEP, high, short, out_first=False, at=(x, 0, 0), turn=(90, 0, 90)))
    floor = wood.timber(heart=(1, -12))
    parts.append(wood.dressed((WIDE - THICK, DEEP - THICK, 0.9), floor, at=(0, 0, 0.6), edge=0.02))
    solids.together(*parts, turn=(0, 0, turn))


def letters(*, turn: float) -> None:
    """A few envelopes standing in the box."""
    parts = []
    for y, lean, size, colour in (
        (8.6, -6, (16.2, 22.9), "#E9E2D3"), (7.6, -8, (11.4, 20.6), "#B39B78"), (6.8, -9, (16.2, 21.6), "#F1ECE1"),
        (5.6, -12, (12.5, 19.4), "#9FA9A5"), (4.2, -15, (15.0, 20.4), "#E4DAC6"),
    ):  # fmt: skip
        wide, high = size
        at = (-6.0 + 0.9 * lean % 3, y, 1.6)
        parts.append(solids.box((wide, 0.22, high), materials.paper(colour), at=at, turn=(lean, 0, 0), edge=0.08))
    solids.together(*parts, turn=(0, 0, turn))


def _board(
    length: float, high: float, oak: bpy.types.Material, *, out_first: bool, at: Point, turn: Point
) -> bpy.types.Object:
    """A side with fingers at both ends; `out_first` when the lowest reaches the corner."""
    step, half = high / FINGERS, length / 2
    right: list[tuple[float, float]] = []
    for finger in range(FINGERS):
        out = (finger % 2 == 0) == out_first
        x = half if out else half - THICK
        right += [(x, finger * step), (x, (finger + 1) * step)]
    left = [(-x, y) for x, y in reversed(right)]
    return wood.plate([[*right, *left]], THICK, oak, at=at, turn=turn, edge=0.045)


def lid(*, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """A board that stands over the box by 3 mm all round, and a second one under it that drops into the box."""
    top = wood.dressed((36, 24, 2.0), wood.timber(heart=(3, -10), tilt=2.0), edge=0.2)
    inside = (WIDE - 2 * THICK - 0.2, DEEP - 2 * THICK - 0.2, 0.9)
    inner = wood.dressed(inside, wood.timber(heart=(-3, -10)), at=(0, 0, -0.88))
    return solids.together(top, inner, at=at, turn=turn)

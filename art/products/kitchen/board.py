"""The chopping boards: one piece of oak each, a round-ended handle with a hole."""

from __future__ import annotations

import math

import bpy

from art.studio import room, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point

SIZES = {"small": (30.0, 16.0), "large": (45.0, 22.0)}
LEAN = 12.0


@shot("plank-board-small", "plank-board-large")
def leaning(name: str) -> None:
    """The boards against the wall: the chosen one in front, or alone."""
    size = name.removeprefix("plank-board-")
    stage.daylight(44, strength=1.25)
    if size == "large":
        room.corner(stage.BACKDROPS["kitchen"], back=11)
        board("large", at=(0, 0.4, -0.04), turn=(0, LEAN - 90, 92))
        stage.camera((0, 3, 21.5), width=64, pitch=9, turn=-12)
    else:
        room.corner(stage.BACKDROPS["kitchen"], back=12)
        board("large", at=(-3.5, 1.9, -0.04), turn=(0, LEAN - 90, 91), heart=(5, -14))
        board("small", at=(5.5, -2.4, -0.04), turn=(0, LEAN + 3 - 90, 86))
        stage.camera((0.5, 2, 21), width=62, pitch=9, turn=-12)


@shot("plank-board-detail")
def handle(_name: str) -> None:
    """The handle of the large board, close."""
    stage.sweep(stage.BACKDROPS["kitchen"])
    stage.daylight(24)
    board("large", at=(-26, -6, 0), turn=(0, 0, 18))
    stage.camera((10, 5, 1), width=25, pitch=38, turn=-24, aperture=5)


def board(
    size: str, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0), heart: tuple[float, float] = (1.5, -10.0)
) -> bpy.types.Object:
    """Small 30 × 16 × 2 cm or large 45 × 22 × 2 cm; it begins at x = 0 and its handle points along x."""
    length, width = SIZES[size]
    grip, hole = width * 0.24, width * 0.062
    end = length - grip / 2
    outline = _half(length - width * 0.5, width, grip, end)
    outline += [(x, -y) for x, y in reversed(outline)][1:]
    drilled = wood.arc(end - grip * 0.08, 0, hole, 360, 360 / 48, 47)
    oak = wood.timber(heart=heart, tilt=2.6)
    return wood.plate([outline[:-1], drilled], 2.0, oak, at=at, turn=turn, edge=0.28)


def _half(shoulder: float, width: float, grip: float, end: float) -> list[tuple[float, float]]:
    """The upper half of the outline, from the middle of the foot to the middle of the handle's end."""
    half, radius = width / 2, width * 0.12
    inside = width * 0.16
    foot = [(0.0, 0.0), *reversed(wood.arc(radius, half - radius, radius, 90, 180, 12))]
    arch = wood.arc(shoulder - inside * 1.6, half - inside * 1.6, inside * 1.6, 90, 10, 14)
    throat = wood.arc(shoulder + inside, grip / 2 + inside, inside, 200, 270, 12)
    tip = [(end + grip / 2 * math.sin(a), grip / 2 * math.cos(a)) for a in (math.pi / 2 * i / 16 for i in range(17))]
    return [*foot, *arch, *throat, *tip]

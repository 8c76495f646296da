"""The Locker Box: oak boards, fingers at the corners, no metal."""

from __future__ import annotations

from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point

WIDE, DEEP, HIGH, THICK = 36.0, 24.0, 20.0, 1.5
FINGERS = 7


@shot("locker-box")
def open_box(_name: str) -> None:
    """The box from a corner, its lid leaning on it."""
    stage.clear()
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(42)
    box(turn=-32)
    letters(turn=-32)
    lid(at=(20.5, -9.0, 0.0), turn=(0, -68, -32))
    stage.camera((4.5, -2, 8.2), width=63, pitch=19)


@shot("locker-box-detail")
def corner(_name: str) -> None:
    """The fingers of a corner, the lid on."""
    stage.clear()
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(30)
    box(turn=-40)
    closed = lid(turn=(0, 0, -40))
    closed.location.z = HIGH - 2.0
    stage.camera((3.5, -18, 12.5), width=25, pitch=20, focus=(6.1, -20.8, 13), aperture=6)


def box(*, turn: float) -> None:
    """36 × 24 cm, 18 high without the lid; every board with its own grain."""
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
    for x, lean, size, colour in (
        (-9.6, 7, (16.2, 22.9), "#E9E2D3"), (-8.6, 9, (11.4, 20.6), "#B9A07C"), (-7.8, 10, (16.2, 21.6), "#F1ECE1"),
        (-6.6, 14, (12.5, 19.4), "#AEB8B4"), (-5.2, 17, (15.0, 21.0), "#EDE6D8"),
    ):  # fmt: skip
        paper = materials.paper(colour)
        parts.append(solids.box((0.22, *size), paper, at=(x, -1.5 + 0.4 * x % 2, 1.6), turn=(0, -lean, 0), edge=0.08))
    solids.together(*parts, turn=(0, 0, turn))


def _board(length: float, high: float, oak: object, *, out_first: bool, at: Point, turn: Point) -> object:
    """A side with fingers at both ends; `out_first` when the lowest reaches the corner."""
    step, half = high / FINGERS, length / 2
    right: list[tuple[float, float]] = []
    for finger in range(FINGERS):
        out = (finger % 2 == 0) == out_first
        x = half if out else half - THICK
        right += [(x, finger * step), (x, (finger + 1) * step)]
    left = [(-x, y) for x, y in reversed(right)]
    return wood.plate([[*right, *left]], THICK, oak, at=at, turn=turn, edge=0.045)


def lid(*, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> object:
    """A board of the box's size, a second one under it that drops into the box, a hollow for a finger at each end."""
    notch = 3.4
    half_x, half_y = WIDE / 2, DEEP / 2
    grip = [(half_x - 0.55 * (1 - (y / notch) ** 2), y) for y in (notch * (i / 12 - 1) for i in range(25))]
    outline = [(-half_x, -half_y), (half_x, -half_y), *grip, (half_x, half_y), (-half_x, half_y)]
    top = wood.plate([outline], 2.0, wood.timber(heart=(3, -10), tilt=2.0), edge=0.16)
    inner = wood.dressed(
        (WIDE - 2 * THICK - 0.2, DEEP - 2 * THICK - 0.2, 0.9), wood.timber(heart=(-3, -10)), at=(0, 0, -0.88)
    )
    return solids.together(top, inner, at=at, turn=turn)

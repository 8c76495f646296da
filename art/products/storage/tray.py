"""The Raft Tray: an oak floor in an oak rim, with grips cut out of its short sides."""

from __future__ import annotations

from art.products.tableware.mug import coffee, mug
from art.studio import materials, solids, stage, wood
from art.studio.shots import shot


@shot("raft-tray")
def with_coffee(_name: str) -> None:
    """From above, coffee for two on it."""
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(46)
    tray(turn=24)
    for at, colour, turn in (((-8.5, 1.5, 0.95), "fog", 150), ((3.5, -4.0, 0.95), "clay", -20)):
        mug(colour, at=at, turn=(0, 0, turn))
        coffee(7.6, at=at)
    milk = solids.shell([(0, 0), (2.2, 0), (2.9, 0.4), (3.2, 3.0), (2.7, 5.4)], 0.3)
    solids.lathe(milk, materials.glaze("chalk"), at=(9.5, 6.5, 0.95))
    solids.lathe([(0, 4.2), (2.75, 4.2)], materials.plain("#F7F2E8", rough=0.3), at=(9.5, 6.5, 0.95))
    stage.camera((0, 0.5, 2.5), width=68, pitch=42)


@shot("raft-tray-detail")
def grip(_name: str) -> None:
    """A grip and a corner of the empty tray."""
    stage.sweep(stage.BACKDROPS["storage"])
    stage.daylight(30)
    tray(turn=-58)
    stage.camera((7.5, -16.5, 2), width=32, pitch=30, focus=(12, -20, 2), aperture=6)


def tray(*, turn: float = 0) -> None:
    """48 × 30 × 4 cm; the short sides stand between the long ones."""
    wide, deep, high, thick = 48.0, 30.0, 4.0, 1.1
    floor = wood.timber(heart=(4, -13), tilt=1.5)
    parts = [wood.dressed((wide - thick, deep - thick, 0.9), floor, edge=0.05)]
    long_side = wood.timber(heart=(-2, -6), tilt=1.0)
    for side in (-1, 1):
        y = side * (deep - thick) / 2
        parts.append(wood.dressed((wide, thick, high), long_side, at=(0, y, 0), edge=0.22))
        short = wood.timber(heart=(5 * side, -8), tilt=1.8)
        outline = [
            (-(deep / 2 - thick) - 0.05, 0),
            (deep / 2 - thick + 0.05, 0),
            (deep / 2 - thick + 0.05, high),
            (-(deep / 2 - thick) - 0.05, high),
        ]
        slot = wood.oblong(10.5, 1.7, 0.84, y=2.45)[::-1]
        x = side * (wide - thick) / 2 - thick / 2
        parts.append(wood.plate([outline, slot], thick, short, at=(x, 0, 0), turn=(90, 0, 90), edge=0.22))
    solids.together(*parts, turn=(0, 0, turn))

"""Mast Candlesticks: a pair turned from brass, 15 and 21 cm high, 9 cm across, with tapers 2.2 cm thick."""

from __future__ import annotations

import bpy

from art.products.lighting import parts
from art.studio import materials, solids, stage, things
from art.studio.shots import shot


@shot("mast-candlesticks")
def pair(_name: str) -> None:
    """The short one a little in front of the tall one, both lit."""
    _pair()
    stage.camera((0.4, 0, 20.5), width=54, pitch=9)


@shot("mast-candlesticks-detail")
def cup(_name: str) -> None:
    """The cup and the bead of the short one, the wide foot of the tall one behind it."""
    _pair()
    stage.camera((4.6, -4, 9.6), width=21, pitch=16, turn=10, focus=(6.5, -4, 13), aperture=2.8)


def _pair() -> None:
    parts.evening(38, strength=0.36)
    brass = materials.turned_brass(rough=0.16)
    for at, height, wax in (((-6.5, 2, 0), 21.0, 21.0), ((6.5, -4, 0), 15.0, 18.5)):
        _stick(at, height, brass)
        things.candle((at[0], at[1], height - 2.4), radius=1.1, height=wax, flame_height=3.2, watts=6000)
    _spent_match((9, -13, 0))


def _stick(at: tuple[float, float, float], height: float, brass: bpy.types.Material) -> None:
    """Foot, mast and cup; the taller one only has more mast."""
    foot = [
        (0, 0),
        (4.3, 0, 0.1),
        (4.5, 0.25, 0.2),
        (4.5, 0.6, 0.2),
        (4.2, 0.85, 0.2),
        (2.0, 1.25, 1.0),
        (0.78, 2.4, 1.2),
    ]
    middle = height * 0.52
    bead = [(0.66, middle - 0.75), (1.05, middle - 0.45, 0.3), (1.05, middle + 0.05, 0.3), (0.66, middle + 0.35)]
    cup = [(0.72, height - 4.2), (0.8, height - 3.6, 0.4), (1.7, height - 3.1, 0.4), (1.52, height - 0.7, 0.3)]
    lip = [
        (1.8, height - 0.35, 0.15),
        (1.8, height - 0.05, 0.08),
        (1.2, height, 0.05),
        (1.15, height - 2.4),
        (0, height - 2.4),
    ]
    solids.lathe([*foot, *bead, *cup, *lip], brass, at=at)


def _spent_match(at: tuple[float, float, float]) -> None:
    x, y, _ = at
    solids.box((5.0, 0.22, 0.22), materials.oak("#D8B98A"), at=at, turn=(0, 0, 24), edge=0.03)
    solids.box((1.2, 0.24, 0.24), materials.plain("#1B1815"), at=(x - 2.7, y - 1.2, 0), turn=(0, 0, 26), edge=0.06)

"""The Lull Candle in three cups and the Sea Stack Candle in three heights, burning."""

from __future__ import annotations

from art.products.lighting import parts
from art.studio import materials, solids, stage, things
from art.studio.shots import shot
from art.studio.solids import Point

PAPER = "#C2AC9D"
CUPS = {"sage": "fog", "fig": "moss", "woodsmoke": "clay"}
STACK = {"small": 8.0, "medium": 14.0, "tall": 20.0}
PLACES = {
    "small": {"small": (-0.4, -5.4), "medium": (-6.0, 2.4), "tall": (4.2, 3.4)},
    "medium": {"medium": (-0.6, -4.8), "small": (7.2, -1.2), "tall": (3.0, 5.6)},
    "tall": {"tall": (0.2, -3.4), "small": (8.0, 0.2), "medium": (-6.6, 3.4)},
}
"""Who stands where when a height is chosen: it is in front and burns."""


@shot("lull-candle-sage", "lull-candle-fig", "lull-candle-woodsmoke")
def lull(name: str) -> None:
    """One candle, lit."""
    parts.evening(16, strength=0.55, paper=PAPER)
    cup(CUPS[name.removeprefix("lull-candle-")])
    stage.camera((0, 0, 5.1), width=16.5, pitch=25)


@shot("lull-candle-detail")
def pool(_name: str) -> None:
    """From higher up: the pool of wax; a second cup, empty and a beaker by now, behind it."""
    parts.evening(16, strength=0.55, paper=PAPER)
    cup("fog", at=(-2.6, -2.2, 0))
    solids.lathe(_cup_profile(), materials.dipped("clay", line=0.9), at=(6.4, 6.4, 0))
    stage.camera((0.6, 0, 6.2), width=17, pitch=36, focus=(-2.6, -2.2, 8))


def cup(colour: str, *, at: Point = (0, 0, 0)) -> None:
    """9 cm across, 9 cm high, glazed above a bare foot; wax that has melted around its wick."""
    solids.lathe(_cup_profile(), materials.dipped(colour, line=0.9), at=at)
    ivory = materials.wax("ivory")
    top = [(0, 6.9), (2.5, 6.9, 0.3), (3.1, 7.28, 0.5), (4.0, 7.36), (4.15, 7.46)]
    solids.lathe(top, ivory, at=at)
    melted = materials.Recipe("melted wax", "#E8D2A2", Roughness=0.04, Subsurface_Weight=0.7, Subsurface_Scale=1.0)
    solids.lathe([(0, 7.18), (2.85, 7.18), (2.95, 7.22)], melted.material, at=at)
    things.flame((at[0], at[1], at[2] + 7.2), 2.7, watts=1500)


def _cup_profile() -> list[tuple[float, float]]:
    return solids.shell([(0, 0), (3.3, 0, 0.1), (3.75, 0.35, 0.3), (4.35, 2.2, 1.4), (4.5, 5), (4.35, 9)], 0.36)


@shot("sea-stack-candle-small", "sea-stack-candle-medium", "sea-stack-candle-tall")
def stack(name: str) -> None:
    """The chosen height in front and lit, the others behind it."""
    size = name.removeprefix("sea-stack-candle-")
    parts.evening(30, strength=0.55, paper=PAPER)
    for other, (x, y) in PLACES[size].items():
        if other == size:
            saucer((x, y, 0))
            things.candle((x, y, 0.75), radius=3.5, height=STACK[other], flame_height=3.4, watts=3600)
        else:
            pillar((x, y, 0), STACK[other])
    stage.camera((0.3, 0, 11), width=34, pitch=12)


@shot("sea-stack-candle-detail")
def three_tops(_name: str) -> None:
    """Close: one burning among the others."""
    parts.evening(24, strength=0.55, paper=PAPER)
    things.candle((0, -2.5, 0), radius=3.5, height=14.0, flame_height=3.4, watts=3600)
    pillar((-6.4, 3.4, 0), 20)
    pillar((6.6, 1.4, 0), 8)
    stage.camera((0.6, -1, 13.6), width=20, pitch=24, focus=(0, -5, 13.6), aperture=5)


def pillar(at: Point, height: float) -> None:
    """An unlit pillar, 7 cm across, a new wick on it."""
    edge = [(0, 0), (3.4, 0, 0.15), (3.5, 0.3), (3.5, height - 0.5), (3.5, height, 0.35), (0.5, height - 0.1, 0.3)]
    body = solids.lathe([*edge, (0, height - 0.16)], materials.wax("ivory"), at=at)
    solids.displaced(body, 0.1, 4)
    x, y, z = at
    wick = [(x, y, z + height - 0.3), (x + 0.02, y, z + height + 0.5), (x + 0.22, y, z + height + 1.15)]
    solids.tube(wick, 0.09, materials.plain("#E9E1CE"))


def saucer(at: Point) -> None:
    """A plate for what drips."""
    outside = [(0, 0), (3.4, 0, 0.1), (3.8, 0.3, 0.2), (5.6, 0.7, 0.6), (6.0, 1.5)]
    solids.lathe(solids.shell(outside, 0.4), materials.dipped("fog", line=0.25), at=at)

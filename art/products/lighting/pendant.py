"""The Bell Pendant: stoneware in Chalk, white inside, a brass cap, a linen cord; 32 cm across, 24 cm high."""

from __future__ import annotations

from art.products.lighting import parts
from art.studio import materials, solids, stage, things
from art.studio.shots import shot

HUNG = 26.0
"""How high the rim hangs over the paper."""
OUTSIDE = [(16.0, 0), (15.9, 1.2), (15.2, 4.5), (13.4, 9.2), (10.4, 13.6), (6.8, 17.2), (3.6, 19.6), (2.2, 20.8)]


@shot("bell-pendant")
def pendant(_name: str) -> None:
    """The bell, lit, seen from a little below, as one sits at the table under it."""
    _hang()
    stage.camera((0, 0, HUNG + 13.0), width=47, pitch=-15)


@shot("bell-pendant-detail")
def cap(_name: str) -> None:
    """The brass cap, the end of the cord and the shoulder of the bell."""
    _hang()
    stage.camera((0, 0, HUNG + 18.5), width=24, pitch=17, turn=-20, aperture=3.5)


def _hang() -> None:
    parts.evening(44, strength=0.6)
    outer = solids.flowing(OUTSIDE)
    bell = solids.lathe(outer, materials.glaze("chalk", speckle=0.5, gloss=0.35), at=(0, 0, HUNG))
    solids.displaced(bell, 0.12, 6)
    rim = [(16.0, 0.0), (15.85, -0.22), (15.55, -0.3), (15.25, -0.2), (15.15, 0.0)]
    solids.lathe(rim, materials.stoneware("#CDB99B"), at=(0, 0, HUNG))
    inner = [(max(0.0, radius - 0.85), height) for radius, height in outer]
    solids.lathe([*inner, (0, 19.9)], materials.plain("#F6F0E4", rough=0.4), at=(0, 0, HUNG))
    _fittings()
    things.lamp((0, 0, HUNG + 5.5), 2600, radius=2.5)


def _fittings() -> None:
    brass = materials.turned_brass(rough=0.2)
    profile = [
        (2.9, 0),
        (3.0, 0.3, 0.15),
        (2.9, 0.9, 0.2),
        (2.1, 1.3, 0.2),
        (1.9, 2.6, 0.5),
        (0.9, 3.4, 0.3),
        (0.5, 4.0),
    ]
    solids.lathe([*profile, (0, 4.0)], brass, at=(0, 0, HUNG + 20.2))
    solids.box((0.5, 2.0, 0.5), brass, at=(2.0, 0, HUNG + 22.1), turn=(0, 0, 40), edge=0.2)
    parts.cord([(0, 0, HUNG + 24), (0.05, 0, HUNG + 40), (0, 0, HUNG + 60), (0, 0, HUNG + 170)], colour="#CFC2A8")
    solids.lathe([(0, 0), (1.8, 0, 0.3), (1.8, 6, 0.2), (0, 6)], brass, at=(0, 0, HUNG + 12))
    outline = [(0, 0), (2.2, 0.5), (3.6, 2.0), (4.0, 4.0), (3.4, 6.2), (2.0, 8.2), (1.5, 9.5)]
    bulb = solids.lathe(solids.flowing(outline), things.seen_only(materials.glow("#FFE2B8", 22)), at=(0, 0, HUNG + 0.8))
    bulb.visible_shadow = bulb.visible_diffuse = False

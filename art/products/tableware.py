"""Tableware: stoneware and glass."""

from __future__ import annotations

from art.studio import materials, solids, stage
from art.studio.shots import shot


@shot("tide-mug-moss", "tide-mug-chalk", "tide-mug-clay", "tide-mug-deep")
def tide_mug(name: str) -> None:
    """The mug alone, its handle to the right."""
    stage.clear()
    stage.sweep(stage.BACKDROPS["tableware"])
    stage.daylight(16)
    mug(name.removeprefix("tide-mug-"))
    stage.camera((0.8, 0, 4.3), width=18, pitch=14, turn=-14)


def mug(colour: str) -> None:
    """8.5 cm across, 9.5 cm high; the glaze ends above a bare foot."""
    glaze = materials.glaze(colour)
    wall = solids.walled([(3.0, 1.2), (3.9, 1.5, 0.6), (4.25, 4), (4.2, 9.2)], 0.35, floor=0.5)
    solids.lathe(wall, glaze)
    solids.lathe([(0, 0.0), (2.9, 0.0, 0.15), (3.1, 1.25), (0, 1.25)], materials.stoneware())
    solids.tube(
        [(3.9, 0, 7.9), (5.5, 0, 8.4), (7.2, 0, 7.2), (7.2, 0, 4.4), (5.6, 0, 3.0), (4.0, 0, 3.1)],
        lambda t: 0.62 - 0.15 * (t * (1 - t) * 4),
        glaze,
        flat=0.7,
    )

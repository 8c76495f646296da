"""The Saltmarsh Diffuser: a bottle, an oak collar, oil and five reeds."""

from __future__ import annotations

import bpy

from art.studio import materials, solids, stage, wood
from art.studio.shots import shot
from art.studio.solids import Point


@shot("saltmarsh-diffuser")
def diffuser_alone(_name: str) -> None:
    """The bottle with its five reeds."""
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(30)
    diffuser()
    stage.camera((0, 0, 13.6), width=38, pitch=11)


@shot("saltmarsh-diffuser-detail")
def collar(_name: str) -> None:
    """The collar and the oil, close; the bottle on a saucer."""
    stage.sweep(stage.BACKDROPS["scent"])
    stage.daylight(18)
    outside = [(0, 0), (4.2, 0, 0.1), (4.6, 0.3, 0.2), (6.6, 0.5, 0.6), (7.2, 1.4)]
    solids.lathe(solids.shell(outside, 0.38), materials.dipped("chalk", line=0.25))
    diffuser(at=(0, 0, 0.42))
    stage.camera((0.4, 0, 7.4), width=18, pitch=16)


def diffuser(*, at: Point = (0, 0, 0)) -> None:
    """8 cm across, 11 cm high: a thick bottle, an oak collar around its neck, oil up to its shoulder."""
    outer = [
        (0, 0.15),
        (3.2, 0.12),
        (3.5, 0, 0.15),
        (4.0, 0.1, 0.5),
        (4.0, 7.2, 1.6),
        (2.6, 8.6, 0.8),
        (1.45, 9.1, 0.5),
    ]
    inner = [(1.0, 10.6), (1.05, 9.3, 0.4), (2.3, 8.35, 0.8), (3.62, 7.0, 1.4), (3.62, 0.95, 0.7), (0, 0.85)]
    solids.lathe([*outer, (1.4, 10.6, 0.1), *inner], materials.glass("#FEFEFD"), at=at)
    oil = [(0, 0.84), (3.63, 0.94, 0.7), (3.63, 6.1), (3.5, 6.02), (0, 6.0)]
    solids.lathe(oil, materials.liquid("#E6AC3E", ior=1.38), at=at)
    ring = [
        (1.02, 9.15),
        (1.75, 9.15, 0.12),
        (1.85, 9.5, 0.3),
        (1.85, 10.7, 0.3),
        (1.6, 11, 0.15),
        (0.95, 11, 0.1),
        (0.95, 10.2),
    ]
    solids.lathe(ring, wood.timber(heart=(0.5, -3)), at=at, segments=96)
    reed = rattan()
    for index, (dx, dy) in enumerate(((-0.42, 0.1), (-0.18, -0.2), (0.05, 0.26), (0.24, -0.12), (0.46, 0.16))):
        foot = (-dx * 5.2, -dy * 4, 1.05)
        neck = (dx, dy, 10.6)
        far = 17.2 - 0.35 * (index % 3)
        tip = tuple(n + (n - f) / 9.55 * far for n, f in zip(neck, foot, strict=True))
        solids.tube([tuple(a + b for a, b in zip(at, p, strict=True)) for p in (foot, neck, tip)], 0.15, reed)


def rattan() -> bpy.types.Material:
    """Rattan: straw-coloured, with pores along it."""
    recipe = materials.Recipe("rattan", "#B89A6C", Roughness=0.75)
    fibre = recipe.noise(14, recipe.stretched(1, 1, 0.05), detail=5)
    recipe.set(Base_Color=recipe.ramp(fibre, (0.35, "#8F7148"), (0.62, "#C2A67A")))
    recipe.set(Normal=recipe.bump(fibre, 0.5, 0.03))
    return recipe.material

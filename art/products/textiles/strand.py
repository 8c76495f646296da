"""The Strand Apron: heavy linen dyed Deep, 70 × 85 cm, one wide pocket, a neck strap through a loop."""

from __future__ import annotations

import math
from functools import cache

from mathutils import noise

from art.products.textiles import fabric, hanging
from art.studio import drape, materials, solids, stage
from art.studio.shots import shot

HIGH = 98.0
"""The top edge of the bib."""
PEG = (0.0, 1.0, HIGH + 24)


@shot("strand-apron")
def apron(_name: str) -> None:
    """The apron by its strap on a brass peg."""
    _scene()
    stage.camera((0, 0, 69), width=138, pitch=5)


@shot("strand-apron-detail")
def pocket(_name: str) -> None:
    """The pocket with a pencil and the end of a cloth in it."""
    _scene()
    stage.camera((3, -4, 52), width=46, pitch=10, turn=-16, aperture=4)


def _scene() -> None:
    hung = _hung()
    hanging.wall(100, behind=7)
    tones = fabric.dyed("deep")
    cloth = fabric.linen(**tones, threads=6, crease=0.7, lets_through=0.03)
    hung.solid(cloth, thick=0.16)
    _patch(hung, lambda x, y: abs(x) < 18.5 and 24 < y < 44.5).solid(
        fabric.linen(**tones, threads=6, crease=0.7, lets_through=0.0, hem=(18.4, 10.1, 0.9)), thick=0.24
    )
    _in_the_pocket(hung)
    corners = _corners(hung)
    strap = fabric.linen(**tones, threads=6, lets_through=0.0)
    for side, corner in zip((-1, 1), corners, strict=True):
        x, y, z = corner
        px, py, pz = PEG
        path = [
            (x, y, z - 2.5),
            (x, y - 0.1, z + 1),
            (x * 0.72 + px * 0.28, y * 0.6 + py * 0.4, z + (pz - z) * 0.4),
            (px + side * 1.2, py - 1.0, pz - 2.5),
            (px, py - 1.2, pz + 0.75),
        ]
        hanging.ribbon(path, 2.4, strap, side=(1, 0.25 * side, 0))
    _ties(hung, strap)
    brass = materials.turned_brass()
    solids.lathe(
        [(0, 0), (2.2, 0), (2.2, 0.5, 0.2), (0.8, 1.0, 0.4), (0.7, 6.5), (1.3, 7.2, 0.4), (1.4, 8.2, 0.5), (0, 8.8)],
        brass,
        at=(0, 7, PEG[2]),
        turn=(78, 0, 0),
    )


def _in_the_pocket(hung: drape.Sheet) -> None:
    """A pencil, and a folded cloth that looks over the edge."""
    x, y, z = _at(hung, 9.5, 43.5)
    pencil = [(0.33, -9), (0.33, 5.0), (0.33, 5.05), (0.12, 6.4), (0, 6.6)]
    y -= 0.6
    solids.lathe(pencil, materials.plain("#B5853C", rough=0.5), at=(x, y, z), turn=(0, 7, 0), segments=6)
    solids.lathe(
        [(0, 6.0), (0.17, 6.05), (0, 6.75)], materials.plain("#22201E"), at=(x, y, z), turn=(0, 7, 0), segments=24
    )
    linen = fabric.linen(**fabric.dyed("chalk"), threads=6, hem=(5.3, 60, 0.6))
    x, y, z = _at(hung, -7.5, 43.5)
    for depth, lower in ((0.0, 0.0), (0.3, 1.3)):
        path = [
            (x, y - 0.2, z - 8),
            (x, y - 0.25, z - 1),
            (x + 0.2, y - 0.4, z + 1.1),
            (x + 0.3, y - 1.5 - depth, z + 1.3),
            (x + 0.4, y - 1.9 - depth, z - 1.5),
            (x + 0.6, y - 1.9 - depth, z - 9.5 + lower),
        ]
        hanging.ribbon(path, 10.6 - depth * 2, linen, side=(1, 0.04, 0.05), thick=0.14)


def _at(hung: drape.Sheet, x: float, y: float) -> tuple[float, ...]:
    """Where a point of the flat apron hangs."""
    return min(zip(hung.flat, hung.vertices, strict=True), key=lambda both: math.dist(both[0], (x, y)))[1]


def _corners(hung: drape.Sheet) -> list[tuple[float, ...]]:
    top = [(flat[0], place) for flat, place in zip(hung.flat, hung.vertices, strict=True) if flat[1] > 84.9]
    return [place for _, place in (min(top), max(top))]


def _ties(hung: drape.Sheet, strap: object) -> None:
    """The two strings at the waist, hanging down."""
    for side in (-1, 1):
        x, y, z = min(
            (place for flat, place in zip(hung.flat, hung.vertices, strict=True) if 51 < flat[1] < 52.8),
            key=lambda p: -side * p[0],
        )
        path = [
            (x - side * 1.5, y, z),
            (x + side * 0.8, y, z - 1),
            (x + side * 1.6, y + 0.5, z - 9),
            (x + side * 0.9, y, z - 26),
            (x + side * 2.2, y + 0.6, z - 45 - 4 * side),
        ]
        hanging.ribbon(path, 2.0, strap, side=(0.5, 0.8, 0))


def _patch(hung: drape.Sheet, inside: object) -> drape.Sheet:
    """A second layer on part of the sheet, a little in front of it."""
    chosen = {i for i, flat in enumerate(hung.flat) if inside(*flat)}
    faces = [face for face in hung.faces if all(i in chosen for i in face)]
    numbers = {old: new for new, old in enumerate(sorted(chosen))}
    vertices = [
        (hung.vertices[i][0], hung.vertices[i][1] - 0.35 - 0.03 * (hung.flat[i][1] - 24), hung.vertices[i][2])
        for i in numbers
    ]
    flat = [(hung.flat[i][0], hung.flat[i][1] - 34.25) for i in numbers]
    return drape.Sheet(vertices, [tuple(numbers[i] for i in face) for face in faces], flat)


def _half(y: float) -> float:
    """Half the apron's width at a height above its hem: a skirt, two hollows for the arms, a bib."""
    if y <= 52:
        return 35.0
    if y >= 74:
        return 14.0
    share = (y - 52) / 22
    return 14.0 + 21.0 * (1 - math.sin(share * math.pi / 2)) ** 1.25


@cache
def _hung() -> drape.Sheet:
    """Hung by the corners of the bib: its edge sags between them, the skirt falls in folds, its sides a little back."""
    flat = drape.sheet(70, 85, cell=0.9)
    shaped = [(x * _half(y + 42.5) / 35, y + 42.5) for x, y in flat.flat]
    return drape.Sheet([_fall(x, y) for x, y in shaped], flat.faces, shaped)


def _fall(x: float, y: float) -> tuple[float, float, float]:
    deep = (85 - y) / 85
    at = x + 2.2 * deep * math.sin(y / 23)
    fold = math.sin(0.34 * at + 0.7) + 0.55 * math.sin(0.61 * at + 2.1) + 0.2 * math.sin(1.3 * at + y / 30)
    out = (0.18 + 1.15 * deep) * (fold + 1.2) + 0.25 * noise.noise((x / 7, y / 9, 0.3))
    wing = max(0.0, abs(x) - 13) / 22
    sag = 1.6 * math.cos(min(1.0, abs(x) / 14) * math.pi / 2) * max(0.0, (y - 55) / 30) ** 2
    return x * (0.97 - 0.12 * deep), 0.6 - out + 2.4 * wing**2, y + HIGH - 85 - sag - 2.6 * wing**1.6

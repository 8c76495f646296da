"""The Dusk Lamp: a foot like a river stone and a linen shade; 30 cm across, 44 cm high."""

from __future__ import annotations

import math

import bpy

from art.products.lighting import parts
from art.studio import materials, solids, stage
from art.studio.shots import shot


@shot("dusk-lamp-chalk", "dusk-lamp-moss", "dusk-lamp-deep")
def lamp(name: str) -> None:
    """The whole lamp, lit, its cord with the switch beside it."""
    parts.evening(44)
    table_lamp(name.rsplit("-", 1)[1])
    stage.camera((0.5, 0, 21), width=64, pitch=9)


@shot("dusk-lamp-detail")
def stone(_name: str) -> None:
    """The foot from near: glaze, bare clay, the brass neck under the edge of the shade."""
    parts.evening(44)
    table_lamp("chalk")
    stage.camera((1.5, 0, 12.5), width=31, pitch=14, turn=24, aperture=3.5)


def table_lamp(colour: str) -> None:
    """The lamp, lit, with its cord; 30 cm across, 44 cm high."""
    _foot(materials.glaze(colour, speckle=0.35, gloss=0.4))
    brass = materials.turned_brass()
    solids.lathe([(0, 14.6), (1.6, 14.6), (1.6, 15.6, 0.3), (0.75, 16.1, 0.3), (0.75, 28), (0, 28)], brass)
    parts.shade((0, 0, 23.5), bottom=15, top=11, height=20, watts=21000)
    parts.cord([(0, 8, 1), (1, 13, 0.4), (8, 17, 0.35), (17, 10, 0.35), (20, 1, 0.4)])
    parts.cord([(20.3, -4.0, 0.5), (20.6, -9, 0.35), (26, -15, 0.35), (40, -16, 0.35), (60, -10, 0.35)])
    parts.switch((20.2, -1.5, 0), -88)


def _foot(glaze: bpy.types.Material) -> None:
    """A stone that the river made: nothing about it is quite a circle. It stands on a ring of bare clay."""
    segments, rows = 128, 72
    vertices = []
    for row in range(rows + 1):
        rise = -math.cos(math.pi * row / rows)
        width = (1 - abs(rise) ** 2.5) ** (1 / 2.2)
        for i in range(segments):
            a = 2 * math.pi * i / segments
            radius = 10.2 * width * (1 + 0.045 * math.cos(a - 0.6) + 0.03 * math.cos(2 * a + 1.1))
            lean = 0.7 * rise * math.cos(a - 2.4)
            vertices.append((radius * math.cos(a), 0.9 * radius * math.sin(a), 7.6 + 7.1 * rise + lean * width))
    faces = [
        (
            r * segments + i,
            r * segments + (i + 1) % segments,
            (r + 1) * segments + (i + 1) % segments,
            (r + 1) * segments + i,
        )
        for r in range(rows)
        for i in range(segments)
    ]
    solids.solid(vertices, faces, glaze, merge=0.001)
    solids.lathe([(0, 0), (5.6, 0, 0.2), (6.0, 1.2), (0, 1.2)], materials.stoneware())

"""Cloth that falls: a sheet simulated over what it lies on, then given back as a mesh with its weave.

Lengths are centimetres outside; the simulation runs in metres, which is what its constants are meant for.
A drape is computed once in a run, whatever colours are photographed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import bpy

from art.studio import solids
from art.studio.solids import Point

Place = Callable[[float, float], Point]
"""Where the point (x, y) of a flat sheet is when it is let go."""


@dataclass(frozen=True)
class Sheet:
    """A mesh and, for every vertex, where it is on the flat cloth, in centimetres."""

    vertices: list[Point]
    faces: list[tuple[int, ...]]
    flat: list[tuple[float, float]]

    def solid(
        self, material: bpy.types.Material, *, thick: float = 0.12, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)
    ) -> bpy.types.Object:
        """The sheet as a thing with thickness, its UV map the flat cloth in centimetres."""
        thing = solids.solid(self.vertices, self.faces, material, at=at, turn=turn)
        weave = thing.data.uv_layers.new(name="weave")
        for loop in thing.data.loops:
            weave.data[loop.index].uv = self.flat[loop.vertex_index]
        shell = thing.modifiers.new("thickness", "SOLIDIFY")
        shell.thickness, shell.offset = thick, 0
        return solids.smoothed(thing, 1)


def sheet(width: float, depth: float, place: Place | None = None, *, cell: float = 1.0) -> Sheet:
    """A rectangle of cloth around its middle, in squares of about `cell`, laid where `place` says (or flat)."""
    across, along = round(width / cell), round(depth / cell)
    flat = [
        (width * (i / across - 0.5), depth * (j / along - 0.5)) for i in range(across + 1) for j in range(along + 1)
    ]
    row = along + 1
    faces = [
        (i * row + j, (i + 1) * row + j, (i + 1) * row + j + 1, i * row + j + 1)
        for i in range(across)
        for j in range(along)
    ]
    return Sheet([place(x, y) if place else (x, y, 0) for x, y in flat], faces, flat)


def fallen(
    cloth: Sheet,
    over: Iterable[bpy.types.Object] = (),
    *,
    frames: int = 60,
    weight: float = 0.3,
    bending: float = 0.05,
    pressure: float = 0,
    friction: float = 20,
    gap: float = 0.4,
    gravity: float = 1,
) -> Sheet:
    """The sheet after it fell for `frames` (24 to the second) over some solids.

    `weight` and `bending` are as Blender counts (0.3 and 0.05 is linen); `pressure` is the volume in cubic metres that
    a closed sheet is blown up to; `gap` is the distance kept from solids.
    """
    scene = bpy.context.scene
    scene.gravity = (0, 0, -9.81 * gravity)
    colliders = [_collider(thing, gap, friction) for thing in over]
    mesh = bpy.data.meshes.new("falling")
    mesh.from_pydata([[c / 100 for c in vertex] for vertex in cloth.vertices], [], cloth.faces)
    thing = bpy.data.objects.new("falling", mesh)
    bpy.context.collection.objects.link(thing)
    modifier = thing.modifiers.new("cloth", "CLOTH")
    _settle(modifier, weight, bending, pressure, gap)
    scene.frame_start, scene.frame_end = 1, frames
    modifier.point_cache.frame_end = frames
    for frame in range(1, frames + 1):
        scene.frame_set(frame)
    shape = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    vertices = [tuple(c * 100 for c in vertex.co) for vertex in shape.vertices]
    for done in (thing, *colliders):
        bpy.data.objects.remove(done)
    scene.frame_set(1)
    return Sheet(vertices, cloth.faces, cloth.flat)


def _settle(
    modifier: bpy.types.Modifier,
    weight: float,
    bending: float,
    pressure: float,
    gap: float,
) -> None:
    settings, touch = modifier.settings, modifier.collision_settings
    settings.quality = 8
    settings.mass = weight
    settings.air_damping = 1
    settings.tension_stiffness = settings.compression_stiffness = 15
    settings.shear_stiffness = 5
    settings.bending_stiffness = bending
    settings.tension_damping = settings.compression_damping = settings.shear_damping = 5
    settings.bending_damping = 0.5
    if pressure:
        settings.use_pressure, settings.use_pressure_volume = True, True
        settings.uniform_pressure_force, settings.target_volume = 0.0, pressure
    touch.collision_quality, touch.distance_min = 3, gap / 100


def _collider(thing: bpy.types.Object, gap: float, friction: float) -> bpy.types.Object:
    """A copy of a solid in metres that cloth rests on."""
    bpy.context.view_layer.update()
    shape = bpy.data.meshes.new_from_object(thing.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    shape.transform(thing.matrix_world)
    for vertex in shape.vertices:
        vertex.co /= 100
    copy = bpy.data.objects.new("collider", shape)
    bpy.context.collection.objects.link(copy)
    copy.modifiers.new("collision", "COLLISION")
    copy.collision.thickness_outer, copy.collision.cloth_friction = gap / 100, friction
    return copy

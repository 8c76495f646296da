"""Solids from few numbers, in centimetres. Each function adds one object to the scene and returns it.

`at` is where its origin stands, `turn` its rotation in degrees around x, y and z. Solids stand on z = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import bmesh
import bpy
from mathutils import Vector

Point = tuple[float, ...]
"""(radius, height) of a profile; a third number rounds the corner by that radius."""


def lathe(
    profile: Sequence[Point],
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    turn: Point = (0, 0, 0),
    segments: int = 160,
) -> bpy.types.Object:
    """What a potter or a turner makes: the profile, from its foot to its end, turned around the z axis."""
    points = rounded(profile)
    rings = [
        [(radius * math.cos(angle), radius * math.sin(angle), height) for angle in _angles(segments)]
        for radius, height in points
    ]
    vertices = [vertex for ring in rings for vertex in ring]
    faces = [
        (
            row * segments + i,
            row * segments + (i + 1) % segments,
            (row + 1) * segments + (i + 1) % segments,
            (row + 1) * segments + i,
        )
        for row in range(len(points) - 1)
        for i in range(segments)
    ]
    return solid(vertices, faces, material, at=at, turn=turn, merge=0.0005)


def box(
    size: Point, material: bpy.types.Material, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0), edge: float = 0.15
) -> bpy.types.Object:
    """A block of width (x), depth (y) and height (z) with edges rounded by `edge`."""
    x, y, z = size[0] / 2, size[1] / 2, size[2]
    vertices = [(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0), (-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)]
    faces = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    thing = solid(vertices, faces, material, at=at, turn=turn)
    return bevelled(thing, edge)


def tube(
    path: Sequence[Point],
    radius: float | Callable[[float], float],
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    turn: Point = (0, 0, 0),
    flat: float = 1.0,
    closed: bool = False,
    steps: int = 16,
) -> bpy.types.Object:
    """A bent rod through the points of a path: a handle, a wire, a cord, a withy.

    `radius` may be a function of the way along it (0 to 1); `flat` under 1 makes an oval section.
    """
    curve = bpy.data.curves.new("tube", "CURVE")
    curve.dimensions = "3D"
    curve.bevel_depth = 1.0
    curve.bevel_resolution = 6
    curve.resolution_u = steps
    curve.use_fill_caps = not closed
    spline = curve.splines.new("NURBS" if len(path) > 2 else "POLY")
    spline.points.add(len(path) - 1)
    for index, (point, place) in enumerate(zip(spline.points, path, strict=True)):
        point.co = (*place, 1.0)
        way = index / max(1, len(path) - 1)
        point.radius = radius(way) if callable(radius) else radius
    spline.use_endpoint_u = not closed
    spline.use_cyclic_u = closed
    if len(path) > 2:
        spline.order_u = min(4, len(path))
    thing = bpy.data.objects.new("tube", curve)
    bpy.context.collection.objects.link(thing)
    if flat != 1.0:
        section = bpy.data.curves.new("section", "CURVE")
        section.dimensions = "2D"
        ring = section.splines.new("NURBS")
        ring.points.add(15)
        for point, angle in zip(ring.points, _angles(16), strict=True):
            point.co = (math.cos(angle), flat * math.sin(angle), 0, 1)
        ring.use_cyclic_u = True
        shape = bpy.data.objects.new("section", section)
        curve.bevel_mode, curve.bevel_object = "OBJECT", shape
    thing.data.materials.append(material)
    return placed(thing, at, turn)


def cloth(
    width: float,
    depth: float,
    height: Callable[[float, float], float],
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    turn: Point = (0, 0, 0),
    thick: float = 0.12,
    cells: int = 200,
) -> bpy.types.Object:
    """A sheet over width × depth whose height is a function of x and y (centimetres from its middle)."""
    across = max(2, round(cells * min(1, width / depth)))
    along = max(2, round(cells * min(1, depth / width)))
    vertices = [
        (x, y, height(x, y))
        for x in (width * (i / across - 0.5) for i in range(across + 1))
        for y in (depth * (j / along - 0.5) for j in range(along + 1))
    ]
    row = along + 1
    faces = [
        (i * row + j, (i + 1) * row + j, (i + 1) * row + j + 1, i * row + j + 1)
        for i in range(across)
        for j in range(along)
    ]
    thing = solid(vertices, faces, material, at=at, turn=turn)
    shell = thing.modifiers.new("thickness", "SOLIDIFY")
    shell.thickness, shell.offset = thick, 0
    return thing


def loft(
    rings: Sequence[Sequence[Point]],
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    turn: Point = (0, 0, 0),
) -> bpy.types.Object:
    """A skin over rings of equally many points, from the first to the last: a spout, a leaf, a fold."""
    count = len(rings[0])
    vertices = [point for ring in rings for point in ring]
    faces = [
        (row * count + i, row * count + (i + 1) % count, (row + 1) * count + (i + 1) % count, (row + 1) * count + i)
        for row in range(len(rings) - 1)
        for i in range(count)
    ]
    return solid(vertices, faces, material, at=at, turn=turn)


def together(*parts: bpy.types.Object, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> bpy.types.Object:
    """Parts that were built around the origin, moved as one thing."""
    thing = bpy.data.objects.new("thing", None)
    bpy.context.collection.objects.link(thing)
    for part in parts:
        part.parent = thing
    return placed(thing, at, turn)


@contextmanager
def moved(at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> Iterator[None]:
    """Everything that is built meanwhile, moved as one thing: for builders that know only the origin."""
    before = set(bpy.data.objects)
    yield
    together(*(thing for thing in set(bpy.data.objects) - before if thing.parent is None), at=at, turn=turn)


def lined(vessel: bpy.types.Object, material: bpy.types.Material) -> bpy.types.Object:
    """The vessel with another material inside: on the faces of a lathe that look at its axis or up from its floor."""
    vessel.data.materials.append(material)
    rim = max(vertex.co.z for vertex in vessel.data.vertices)
    for face in vessel.data.polygons:
        outwards = face.normal.x * face.center.x + face.normal.y * face.center.y
        if outwards < -0.01 or (face.normal.z > 0.5 and face.center.z < rim * 0.9):
            face.material_index = 1
    return vessel


def solid(
    vertices: Sequence[Point],
    faces: Sequence[Sequence[int]],
    material: bpy.types.Material,
    *,
    at: Point = (0, 0, 0),
    turn: Point = (0, 0, 0),
    merge: float = 0,
) -> bpy.types.Object:
    """Any mesh, shaded smooth but for edges sharper than 35 degrees; vertices nearer than `merge` become one."""
    mesh = bpy.data.meshes.new("solid")
    mesh.from_pydata(vertices, [], faces)
    work = bmesh.new()
    work.from_mesh(mesh)
    if merge:
        bmesh.ops.remove_doubles(work, verts=work.verts, dist=merge)
    bmesh.ops.recalc_face_normals(work, faces=work.faces)
    work.to_mesh(mesh)
    work.free()
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=math.radians(35))
    mesh.materials.append(material)
    thing = bpy.data.objects.new("solid", mesh)
    bpy.context.collection.objects.link(thing)
    return placed(thing, at, turn)


def placed(thing: bpy.types.Object, at: Point, turn: Point) -> bpy.types.Object:
    """The object, where it belongs."""
    thing.location = at
    thing.rotation_euler = [math.radians(angle) for angle in turn]
    return thing


def bevelled(thing: bpy.types.Object, edge: float, segments: int = 4) -> bpy.types.Object:
    """The object with rounded edges: nothing real is perfectly sharp."""
    if edge:
        bevel = thing.modifiers.new("edges", "BEVEL")
        bevel.width, bevel.segments, bevel.limit_method = edge, segments, "ANGLE"
        bevel.harden_normals = True
        thing.data.set_sharp_from_angle(angle=math.pi)
    return thing


def smoothed(thing: bpy.types.Object, levels: int = 2) -> bpy.types.Object:
    """The object as a subdivision surface: its mesh is the cage."""
    surface = thing.modifiers.new("surface", "SUBSURF")
    surface.levels = surface.render_levels = levels
    thing.data.set_sharp_from_angle(angle=math.pi)
    return thing


def cut(thing: bpy.types.Object, hole: bpy.types.Object) -> bpy.types.Object:
    """The object without the space of another, which disappears."""
    boolean = thing.modifiers.new("cut", "BOOLEAN")
    boolean.object, boolean.operation, boolean.solver = hole, "DIFFERENCE", "EXACT"
    hole.hide_render = hole.hide_viewport = True
    return thing


def displaced(thing: bpy.types.Object, strength: float, size: float) -> bpy.types.Object:
    """The object with the slight irregularity of what is made by hand; both in centimetres."""
    texture = bpy.data.textures.new("irregular", "CLOUDS")
    texture.noise_scale = size
    push = thing.modifiers.new("irregular", "DISPLACE")
    push.texture, push.strength, push.mid_level, push.texture_coords = texture, strength, 0.5, "GLOBAL"
    return thing


def rounded(profile: Sequence[Point], steps: int = 8) -> list[tuple[float, float]]:
    """The profile with the corners that have a radius turned into arcs (quadratic Bézier, close enough)."""
    points: list[tuple[float, float]] = []
    for index, point in enumerate(profile):
        radius = point[2] if len(point) > 2 else 0
        here = Vector(point[:2])
        if not radius or index in (0, len(profile) - 1):
            points.append((here.x, here.y))
            continue
        before, after = Vector(profile[index - 1][:2]), Vector(profile[index + 1][:2])
        reach = min(radius, (before - here).length * 0.49, (after - here).length * 0.49)
        start = here + (before - here).normalized() * reach
        end = here + (after - here).normalized() * reach
        for step in range(steps + 1):
            t = step / steps
            place = start * (1 - t) ** 2 + here * 2 * t * (1 - t) + end * t**2
            points.append((place.x, place.y))
    return points


def flowing(points: Sequence[Point], steps: int = 12) -> list[tuple[float, float]]:
    """A smooth profile through a few points (Catmull-Rom, centripetal enough for pots)."""
    ends = [points[0], *points, points[-1]]
    curve: list[tuple[float, float]] = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            t = step / steps
            curve.append(
                tuple(_spline(a, b, c, d, t) for a, b, c, d in zip(p0[:2], p1[:2], p2[:2], p3[:2], strict=True))
            )  # type: ignore[arg-type]
    return [*curve, (points[-1][0], points[-1][1])]


def walled(
    outside: Sequence[Point], wall: float, *, floor: float | None = None, lip: float | None = None
) -> list[tuple[float, float]]:
    """A vessel's profile from its outside (foot to rim): the inside follows at `wall` distance down to a floor."""
    outer = rounded(outside)
    floor = wall if floor is None else floor
    bottom = min(height for _, height in outer) + floor
    inner = [(max(0.0, radius - wall), height) for radius, height in outer if height > bottom + wall and radius > wall]
    rim_radius, rim_height = outer[-1]
    arc = [
        (rim_radius - wall / 2 + wall / 2 * math.cos(a), rim_height + (lip or wall / 2) * math.sin(a))
        for a in (math.pi * step / 8 for step in range(1, 8))
    ]
    lowest = inner[0] if inner else (rim_radius - wall, rim_height)
    corner = [
        (lowest[0] * (1 - (1 - math.cos(a)) * 0.35), bottom + (lowest[1] - bottom) * (1 - math.sin(a)))
        for a in (math.pi / 2 * step / 6 for step in range(1, 7))
    ]
    return [(0.0, outer[0][1]), *outer, *arc, *reversed(inner), *corner, (0.0, bottom)]


def shell(outside: Sequence[Point], wall: float) -> list[tuple[float, float]]:
    """The profile of a plate or an open bowl, `wall` thick, from its outside (axis to rim)."""
    outer = rounded(outside)
    inner = []
    for index, point in enumerate(outer):
        along = Vector(outer[min(index + 1, len(outer) - 1)]) - Vector(outer[max(index - 1, 0)])
        inwards = Vector((-along.y, along.x)).normalized() * wall
        inner.append((max(0.0, point[0] + inwards.x), point[1] + inwards.y))
    start, end = Vector(outer[-1]), Vector(inner[-1])
    middle, half = (start + end) / 2, (start - end) / 2
    over = (start - Vector(outer[-2])).normalized() * half.length
    arc = [middle + half * math.cos(a) + over * math.sin(a) for a in (math.pi * step / 8 for step in range(1, 8))]
    return [*outer, *((p.x, p.y) for p in arc), *reversed(inner)]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - 3 * c + d - a) * t**3)


def _angles(segments: int) -> list[float]:
    return [2 * math.pi * index / segments for index in range(segments)]

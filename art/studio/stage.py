"""The stage: a seamless backdrop, a soft light from the upper left, and one camera for every product.

Lengths are centimetres: Blender's unit is taken to be one of them.
"""

from __future__ import annotations

import math

import bpy
from mathutils import Vector

from art.studio import materials
from art.studio.solids import Point, solid

BACKDROPS = {
    "tableware": "#D3C2A6", "lighting": "#B9AD9C", "textiles": "#CFC3B8",
    "kitchen": "#BDC1B3", "storage": "#D0BA98", "scent": "#CDB5A8",
}  # fmt: skip
"""The colour of each category's paper."""

EXPOSURE = 0.4
"""In stops: white things come out as white as the page they stand on."""

PAPER = 600.0
"""How large a roll of paper is before it is made to fit, in centimetres."""


def clear() -> None:
    """An empty scene: no objects, no materials of the last picture."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def sweep(colour: str, *, size: float | None = None) -> None:
    """A roll of paper that runs from the wall to the table without an edge.

    Its wall stands `size` × 0.35 behind the middle; without a size, `daylight` moves it where the light wants it.
    """
    paper = _paper(colour, size or PAPER)
    paper.name = "paper to fit" if size is None else "paper"


def _paper(colour: str, size: float) -> bpy.types.Object:
    bend, back, up = size * 0.14, size * 0.35, size
    profile = [(-size, 0.0), (back - bend, 0.0)]
    profile += [
        (back - bend + bend * math.sin(a), bend - bend * math.cos(a))
        for a in (math.pi / 2 * i / 24 for i in range(1, 25))
    ]
    profile.append((back, up))
    vertices = [(x, y, z) for y, z in profile for x in (-size, size)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(profile) - 1)]
    return solid(vertices, faces, materials.plain(colour))


def softbox(at: Point, towards: Point, *, size: float, watts: float, colour: str = "#FFFFFF") -> bpy.types.Object:
    """A square lamp behind cloth; its `size` in centimetres makes its shadows soft."""
    lamp = bpy.data.lights.new("softbox", "AREA")
    lamp.shape, lamp.size, lamp.energy = "SQUARE", size, watts
    lamp.color = materials.linear(colour)[:3]
    thing = bpy.data.objects.new("softbox", lamp)
    thing.location = at
    thing.rotation_euler = (Vector(towards) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(thing)
    return thing


def daylight(reach: float, *, strength: float = 1.0) -> None:
    """The house light: one large window from the upper left, a paler fill from the right, a little from all round.

    `reach` is the size of what is photographed: the lamps stand off in proportion, so that every picture is lit alike.
    """
    unit = max(reach, 1.0)
    power = strength * unit * unit
    aim = (0, 0, reach * 0.4)
    softbox((-2.2 * unit, -1.3 * unit, 2.6 * unit), aim, size=2.2 * unit, watts=150 * power, colour="#FFF9F0")
    softbox((2.6 * unit, -1.6 * unit, 1.4 * unit), aim, size=2.6 * unit, watts=22 * power, colour="#FBFBFF")
    softbox((0.4 * unit, 2.2 * unit, 2.8 * unit), aim, size=1.4 * unit, watts=36 * power)
    _wall_light(unit, strength)
    world = bpy.data.worlds.new("room")
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (1.0, 0.985, 0.96, 1)
    background.inputs["Strength"].default_value = 0.26 * strength
    bpy.context.scene.world = world


def _wall_light(unit: float, strength: float) -> None:
    """Light for the paper alone, straight at the wall: no lamp that is near the thing reaches that far."""
    papers = [thing for thing in bpy.context.scene.objects if thing.name.startswith("paper")]
    if not papers:
        return
    for paper in papers:
        if paper.name.startswith("paper to fit"):
            paper.scale = [unit * 9 / PAPER] * 3
    lamp = bpy.data.lights.new("wall light", "SUN")
    lamp.energy, lamp.use_shadow = 1.5 * strength, False
    thing = bpy.data.objects.new("wall light", lamp)
    thing.rotation_euler = (math.radians(83), 0, 0)
    lit = bpy.data.collections.new("lit by the wall light")
    for paper in papers:
        lit.objects.link(paper)
    thing.light_linking.receiver_collection = lit
    bpy.context.collection.objects.link(thing)


def camera(
    look_at: Point,
    *,
    width: float,
    pitch: float = 14,
    turn: float = 0,
    lens: float = 85,
    focus: Point | None = None,
    aperture: float = 8,
) -> None:
    """A camera that sees `width` centimetres across at `look_at`, `pitch` degrees from above, `turn` from the right."""
    data = bpy.data.cameras.new("camera")
    data.lens, data.sensor_width = lens, 36
    data.clip_end = 10_000
    distance = width * lens / 36
    up, around = math.radians(pitch), math.radians(turn)
    offset = Vector((math.sin(around) * math.cos(up), -math.cos(around) * math.cos(up), math.sin(up))) * distance
    thing = bpy.data.objects.new("camera", data)
    thing.location = Vector(look_at) + offset
    thing.rotation_euler = (-offset).to_track_quat("-Z", "Y").to_euler()
    data.dof.use_dof = True
    data.dof.focus_distance = (thing.location - Vector(focus or look_at)).length
    data.dof.aperture_fstop = aperture * 100 / max(width, 1) * 0.01 * 60
    bpy.context.collection.objects.link(thing)
    bpy.context.scene.camera = thing


def render(path: str, *, pixels: int | tuple[int, int] = 960, samples: int = 24) -> None:
    """Take the picture: Cycles on the processor, denoised, AgX; a PNG at `path`."""
    scene = bpy.context.scene
    width, height = (pixels, pixels) if isinstance(pixels, int) else pixels
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.samples = "CPU", samples
    cycles.use_adaptive_sampling, cycles.adaptive_threshold, cycles.adaptive_min_samples = True, 0.05, 6
    cycles.use_denoising, cycles.denoiser, cycles.denoising_input_passes = True, "OPENIMAGEDENOISE", "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "BALANCED"
    cycles.max_bounces = cycles.transmission_bounces = 24
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 2
    cycles.diffuse_bounces = cycles.glossy_bounces = 3
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.view_settings.exposure = EXPOSURE
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)

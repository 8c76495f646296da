"""What things are made of. Colours are the brand's, as sRGB hex; scales are in centimetres.

Each function makes a material; the surface is never quite even, because nothing that is made by hand is.
"""

from __future__ import annotations

from typing import Any

import bpy

Node = bpy.types.Node

PALETTE = {
    "chalk": "#EFE5D2", "fog": "#A3AFAB", "moss": "#6B725A", "clay": "#9E644F",
    "deep": "#20333F", "ochre": "#B78B47", "linen": "#CBBA9C", "ivory": "#F1E7CB", "honey": "#CE9038", "ink": "#1A2423",
}  # fmt: skip
"""The brand's colours as they must be painted for the photograph to show them: light and film make them paler."""


def linear(colour: str) -> tuple[float, float, float, float]:
    """'#RRGGBB' or a name of the palette, as the linear RGBA that a renderer computes with (IEC 61966-2-1)."""
    digits = PALETTE.get(colour, colour).lstrip("#")
    channels = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue, 1.0


class Recipe:
    """A material under construction: a Principled BSDF and what flows into it."""

    def __init__(self, name: str, colour: str, **inputs: Any) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.nodes = self.material.node_tree.nodes
        self.links = self.material.node_tree.links
        self.surface = self.nodes["Principled BSDF"]
        self.output = self.nodes["Material Output"]
        self.set(Base_Color=linear(colour), **inputs)
        self._place = self.add("ShaderNodeTexCoord").outputs["Object"]

    def add(self, kind: str, **values: Any) -> Node:
        """A node; values are its inputs (names with _ for spaces) or its attributes."""
        node = self.nodes.new(kind)
        for name, value in values.items():
            key = name.replace("_", " ")
            if key in node.inputs:
                self._give(node.inputs[key], value)
            else:
                setattr(node, name, value)
        return node

    def set(self, **inputs: Any) -> None:
        """Inputs of the surface: numbers, colours or sockets."""
        for name, value in inputs.items():
            self._give(self.surface.inputs[name.replace("_", " ")], value)

    def _give(self, socket: Any, value: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.links.new(value, socket)
        else:
            socket.default_value = value

    def stretched(self, x: float = 1, y: float = 1, z: float = 1) -> Any:
        """The place on the object in centimetres, stretched: 0.1 makes what follows ten times as long that way."""
        return self.add("ShaderNodeMapping", Vector=self._place, Scale=(x, y, z)).outputs["Vector"]

    def noise(self, scale: float, place: Any = None, *, detail: float = 4, rough: float = 0.5) -> Any:
        """Cloudy noise from 0 to 1, about 1/`scale` cm to a cloud."""
        node = self.add("ShaderNodeTexNoise", Vector=place or self._place, Scale=scale, Detail=detail, Roughness=rough)
        return node.outputs[0]

    def wave(
        self, scale: float, place: Any = None, *, direction: str = "X", distortion: float = 0, detail: float = 2
    ) -> Any:
        """Stripes."""
        node = self.add(
            "ShaderNodeTexWave", Vector=place or self._place, Scale=scale, Distortion=distortion, Detail=detail
        )
        node.bands_direction = direction
        return node.outputs["Fac"]

    def ramp(self, factor: Any, *stops: tuple[float, str]) -> Any:
        """Colours by a factor: (0.0, 'moss'), (1.0, '#98A57F')."""
        node = self.add("ShaderNodeValToRGB", Fac=factor)
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (place, colour) in zip(elements, stops, strict=True):
            element.position, element.color = place, linear(colour)
        return node.outputs["Color"]

    def between(self, factor: Any, low: float, high: float, start: float = 0, end: float = 1) -> Any:
        """A number from `low` to `high` as the factor goes from `start` to `end`."""
        node = self.add("ShaderNodeMapRange", Value=factor)
        for name, value in {"From Min": start, "From Max": end, "To Min": low, "To Max": high}.items():
            node.inputs[name].default_value = value
        return node.outputs["Result"]

    def mix(self, factor: Any, first: Any, second: Any) -> Any:
        """One colour over another."""
        node = self.nodes.new("ShaderNodeMix")
        node.data_type = "RGBA"
        for index, value in ((0, factor), (6, first), (7, second)):
            self._give(node.inputs[index], linear(value) if isinstance(value, str) else value)
        return node.outputs[2]

    def bump(self, height: Any, strength: float, distance: float = 0.05, normal: Any = None) -> Any:
        """A normal from a height; `distance` in centimetres."""
        node = self.add("ShaderNodeBump", Height=height, Strength=strength, Distance=distance)
        if normal is not None:
            self.links.new(normal, node.inputs["Normal"])
        return node.outputs["Normal"]


def glaze(colour: str, *, speckle: float = 0.5, gloss: float = 0.22) -> bpy.types.Material:
    """Stoneware glaze: satin, pooled a little, with iron speckles."""
    recipe = Recipe(f"glaze {colour}", colour, Coat_Weight=0.35, Coat_Roughness=0.12, IOR=1.5)
    pooled = recipe.mix(recipe.between(recipe.noise(0.35), 0, 0.30), colour, _darker(colour, 0.62))
    dots = recipe.between(recipe.noise(7, detail=1), 0, speckle, 0.685, 0.73)
    recipe.set(
        Base_Color=recipe.mix(dots, pooled, "#4A3526"), Roughness=recipe.between(recipe.noise(1.5), gloss, gloss + 0.2)
    )
    recipe.set(Normal=recipe.bump(recipe.noise(1.1), 0.25, 0.06))
    return recipe.material


def dipped(colour: str, *, line: float, clay: str = "#A98A69", speckle: float = 0.5) -> bpy.types.Material:
    """Stoneware that was dipped upside down: glaze above a wandering `line` (cm from the foot), bare clay below.

    The glaze is thin and brown where it runs off a rim, and thick where it stops.
    """
    recipe = Recipe(f"dipped {colour} {line}", colour, Coat_Roughness=0.12, IOR=1.5)
    height = recipe.add("ShaderNodeSeparateXYZ", Vector=recipe.stretched()).outputs["Z"]
    wander = recipe.between(recipe.noise(0.32, recipe.stretched(1, 1, 0.4), detail=3), -0.3, 0.3, 0.25, 0.75)
    above = recipe.add("ShaderNodeMath", operation="ADD")
    recipe.links.new(height, above.inputs[0])
    recipe.links.new(wander, above.inputs[1])
    glazed = recipe.between(above.outputs[0], 0, 1, line - 0.03, line + 0.03)
    thick = recipe.between(above.outputs[0], 0.45, 0, line, line + 0.5)
    cover = _broken(recipe, recipe.mix(thick, _speckled(recipe, colour, speckle), _darker(colour, 0.6)), clay)
    grain = recipe.noise(14, detail=6)
    bare = recipe.ramp(grain, (0.3, _darker(clay, 0.78)), (0.7, clay))
    satin = recipe.between(recipe.noise(1.5), 0.2, 0.4)
    recipe.set(Base_Color=recipe.mix(glazed, bare, cover), Coat_Weight=recipe.between(glazed, 0, 0.35))
    recipe.set(Roughness=recipe.mix(glazed, "#F0F0F0", satin))
    throwing = recipe.bump(recipe.noise(0.9, recipe.stretched(0.15, 0.15, 1.6)), 0.18, 0.06)
    sandy = recipe.bump(recipe.mix(glazed, grain, "#808080"), 0.25, 0.02, throwing)
    recipe.set(Normal=recipe.bump(glazed, 0.8, 0.05, sandy))
    return recipe.material


def _speckled(recipe: Recipe, colour: str, speckle: float) -> Any:
    """A glaze that has pooled a little, with iron speckles."""
    pooled = recipe.mix(recipe.between(recipe.noise(0.35), 0, 0.30), colour, _darker(colour, 0.62))
    return recipe.mix(recipe.between(recipe.noise(7, detail=1), 0, speckle, 0.685, 0.73), pooled, "#4A3526")


def _broken(recipe: Recipe, cover: Any, clay: str) -> Any:
    """The clay shows through where an edge is sharp and the glaze ran off."""
    edge = recipe.add("ShaderNodeNewGeometry").outputs["Pointiness"]
    return recipe.mix(recipe.between(edge, 0, 0.55, 0.53, 0.62), cover, _darker(clay, 0.75))


def stoneware(colour: str = "#B59A7C") -> bpy.types.Material:
    """Bare fired clay: matt, a little sandy."""
    recipe = Recipe(f"stoneware {colour}", colour, Roughness=0.85)
    grain = recipe.noise(14, detail=6)
    recipe.set(Base_Color=recipe.ramp(grain, (0.3, _darker(colour, 0.75)), (0.7, colour)))
    recipe.set(Normal=recipe.bump(grain, 0.35, 0.03))
    return recipe.material


def oak(tone: str = "#B98A56", *, along: str = "X", scale: float = 1.0) -> bpy.types.Material:
    """Oiled oak, its grain along an axis of the object."""
    recipe = Recipe(f"oak {tone} {along}", tone, Coat_Weight=0.05)
    stretch = {"X": (0.06, 1, 1), "Y": (1, 0.06, 1), "Z": (1, 1, 0.06)}[along]
    place = recipe.stretched(*(value * scale for value in stretch))
    years = recipe.wave(0.55, place, direction="DIAGONAL", distortion=5, detail=3)
    fibre = recipe.noise(
        9, recipe.stretched(*(value * scale * (0.25 if value < 1 else 1.2) for value in stretch)), detail=8, rough=0.7
    )
    ring = recipe.ramp(years, (0.0, _darker(tone, 0.68)), (0.45, tone), (1.0, _lighter(tone, 1.16)))
    recipe.set(Base_Color=recipe.mix(recipe.between(fibre, 0.0, 0.75, 0.42, 0.7), ring, _darker(tone, 0.55)))
    recipe.set(Roughness=recipe.between(fibre, 0.38, 0.62), Normal=recipe.bump(fibre, 0.22, 0.03))
    return recipe.material


def brass(*, rough: float = 0.24) -> bpy.types.Material:
    """Brushed brass that has been touched."""
    recipe = Recipe("brass", "#B3935A", Metallic=1.0)
    wear = recipe.noise(0.9, detail=6)
    recipe.set(
        Base_Color=recipe.ramp(wear, (0.3, "#997A45"), (0.7, "#BF9F66")),
        Roughness=recipe.between(wear, rough, rough + 0.14),
    )
    recipe.set(Normal=recipe.bump(recipe.noise(30, recipe.stretched(1, 1, 0.08)), 0.05, 0.01))
    return recipe.material


def turned_brass(*, rough: float = 0.2) -> bpy.types.Material:
    """Solid brass from the lathe, unlacquered: pale, evenly bright, with the faintest turning marks."""
    recipe = Recipe("turned brass", "#D2B57E", Metallic=1.0)
    touch = recipe.noise(0.5, detail=3)
    recipe.set(
        Base_Color=recipe.ramp(touch, (0.35, "#C3A46B"), (0.65, "#D8BD88")),
        Roughness=recipe.between(touch, rough, rough + 0.07, 0.35, 0.65),
    )
    recipe.set(Normal=recipe.bump(recipe.noise(9, recipe.stretched(0.3, 0.3, 6), detail=2), 0.04, 0.01))
    return recipe.material


def iron() -> bpy.types.Material:
    """Seasoned cast iron: nearly black, pebbled."""
    recipe = Recipe("iron", "#1D1D1C", Metallic=0.35)
    sand = recipe.noise(11, detail=4)
    recipe.set(Roughness=recipe.between(sand, 0.42, 0.62), Normal=recipe.bump(sand, 0.5, 0.03))
    return recipe.material


def linen(colour: str = "linen", *, threads: float = 9, weave: float = 0.6) -> bpy.types.Material:
    """Washed linen: `threads` to the centimetre each way, slubbed. Woven by the x and y of the object."""
    recipe = Recipe(f"linen {colour} {threads}", colour, Roughness=0.9, Sheen_Weight=0.3, Sheen_Roughness=0.5)
    slub = recipe.noise(1.2, recipe.stretched(0.15, 3, 1), detail=5)
    cross = recipe.noise(1.2, recipe.stretched(3, 0.15, 1), detail=5)
    warp = recipe.wave(threads * 0.31, direction="X", distortion=0.6)
    weft = recipe.wave(threads * 0.31, direction="Y", distortion=0.6)
    woven = recipe.add("ShaderNodeMath", operation="MAXIMUM")
    recipe.links.new(warp, woven.inputs[0])
    recipe.links.new(weft, woven.inputs[1])
    uneven = recipe.mix(recipe.between(slub, 0, 0.5, 0.35, 0.7), colour, _darker(colour, 0.82))
    uneven = recipe.mix(recipe.between(cross, 0, 0.4, 0.35, 0.7), uneven, _lighter(colour, 1.08))
    recipe.set(Base_Color=recipe.mix(recipe.between(woven.outputs[0], 0.22, 0), uneven, _darker(colour, 0.6)))
    recipe.set(Normal=recipe.bump(woven.outputs[0], weave, 0.04))
    return recipe.material


def wool(colour: str) -> bpy.types.Material:
    """Brushed wool: soft, no shine, a nap that takes the light."""
    recipe = Recipe(f"wool {colour}", colour, Roughness=1.0, Sheen_Weight=0.8, Sheen_Roughness=0.6)
    nap = recipe.noise(9, detail=8, rough=0.7)
    recipe.set(Base_Color=recipe.ramp(nap, (0.3, _darker(colour, 0.8)), (0.7, _lighter(colour, 1.08))))
    recipe.set(Normal=recipe.bump(nap, 0.8, 0.08))
    return recipe.material


def glass(tint: str = "#FFFFFF", *, rough: float = 0.0) -> bpy.types.Material:
    """Clear or tinted glass; give what is made of it a wall."""
    recipe = Recipe(f"glass {tint}", tint, Transmission_Weight=1.0, IOR=1.46, Roughness=rough)
    return _clear_to_light(recipe, tint)


def liquid(tint: str, *, ior: float = 1.33) -> bpy.types.Material:
    """Water, tea, oil: what fills a glass; let it reach a little into the wall of the glass."""
    recipe = Recipe(f"liquid {tint}", tint, Transmission_Weight=1.0, IOR=ior, Roughness=0.0)
    return _clear_to_light(recipe, tint)


def _clear_to_light(recipe: Recipe, tint: str) -> bpy.types.Material:
    """Light on its way to what stands behind is tinted and not stopped: a path tracer has no time for caustics."""
    shadow = recipe.add("ShaderNodeLightPath").outputs["Is Shadow Ray"]
    through = recipe.add("ShaderNodeBsdfTransparent", Color=linear(tint))
    both = recipe.add("ShaderNodeMixShader")
    for socket, value in zip(both.inputs, (shadow, recipe.surface.outputs[0], through.outputs[0]), strict=True):
        recipe.links.new(value, socket)
    recipe.links.new(both.outputs[0], recipe.output.inputs["Surface"])
    return recipe.material


def wax(colour: str = "ivory") -> bpy.types.Material:
    """Wax: the light goes a little way in."""
    recipe = Recipe(f"wax {colour}", colour, Roughness=0.45, Subsurface_Weight=0.6, Subsurface_Scale=1.2, IOR=1.44)
    recipe.set(Subsurface_Radius=(1.0, 0.6, 0.35), Normal=recipe.bump(recipe.noise(0.8), 0.12, 0.05))
    return recipe.material


def soap(colour: str) -> bpy.types.Material:
    """Cut soap: denser than wax, a faint marbling."""
    recipe = Recipe(f"soap {colour}", colour, Roughness=0.55, Subsurface_Weight=0.35, Subsurface_Scale=0.5)
    swirl = recipe.noise(0.5, detail=5, rough=0.6)
    recipe.set(
        Base_Color=recipe.ramp(swirl, (0.35, _darker(colour, 0.85)), (0.6, colour), (0.75, _lighter(colour, 1.12)))
    )
    return recipe.material


def paper(colour: str = "#E9E1D2") -> bpy.types.Material:
    """Uncoated paper or card."""
    recipe = Recipe(f"paper {colour}", colour, Roughness=0.95)
    recipe.set(Normal=recipe.bump(recipe.noise(20), 0.1, 0.01))
    return recipe.material


def glow(colour: str, strength: float) -> bpy.types.Material:
    """What gives light itself: a bulb, a flame. `strength` in watts per square metre, as Blender counts."""
    recipe = Recipe(f"glow {colour}", colour, Emission_Color=linear(colour), Emission_Strength=strength)
    return recipe.material


def plain(colour: str, *, rough: float = 0.9) -> bpy.types.Material:
    """A plain matt surface: a wall, the backdrop's paper."""
    return Recipe(f"plain {colour}", colour, Roughness=rough, Specular_IOR_Level=0.2).material


def _darker(colour: str, share: float) -> str:
    return _scaled(colour, share)


def _lighter(colour: str, share: float) -> str:
    return _scaled(colour, share)


def _scaled(colour: str, share: float) -> str:
    digits = PALETTE.get(colour, colour).lstrip("#")
    return "#" + "".join(f"{min(255, round(int(digits[i : i + 2], 16) * share)):02X}" for i in (0, 2, 4))

"""Woven materials that follow the cloth: their place is the UV map, in centimetres of the flat sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

from art.studio.materials import Recipe, linear

Stripe = tuple[float, float]
"""Where a stripe begins and ends, in centimetres along the cloth's y."""


class Woven(Recipe):
    """A recipe whose place is on the flat cloth."""

    def __init__(self, name: str, colour: str, **inputs: Any) -> None:
        super().__init__(name, colour, **inputs)
        self._place = self.add("ShaderNodeTexCoord").outputs["UV"]

    def math(self, operation: str, *values: Any) -> Any:
        """Arithmetic on sockets and numbers."""
        node = self.add("ShaderNodeMath", operation=operation)
        for socket, value in zip(node.inputs, values, strict=False):
            self._give(socket, value)
        return node.outputs[0]

    def axis(self, name: str) -> Any:
        """X or Y on the cloth, in centimetres."""
        return self.add("ShaderNodeSeparateXYZ", Vector=self._place).outputs[name]

    def stripes(self, bands: Sequence[Stripe], axis: str = "Y", blur: float = 0.06) -> Any:
        """1 inside of the bands, 0 outside."""
        along, total = self.axis(axis), 0.0
        for low, high in bands:
            inside = self.math(
                "MULTIPLY",
                self.between(along, 0, 1, low - blur, low + blur),
                self.between(along, 1, 0, high - blur, high + blur),
            )
            total = self.math("ADD", inside, total)
        return total

    def stitched(self, half_width: float, half_depth: float, inset: float) -> tuple[Any, Any]:
        """A row of stitches along the edges of the cloth, and the groove that it lies in."""
        x, y = (self.math("ABSOLUTE", self.axis(name)) for name in "XY")
        edge = self.math("MINIMUM", self.math("SUBTRACT", half_width, x), self.math("SUBTRACT", half_depth, y))
        away = self.math("ABSOLUTE", self.math("SUBTRACT", edge, inset))
        along = self.math("ADD", self.axis("X"), self.axis("Y"))
        dash = self.between(self.math("FRACT", self.math("MULTIPLY", along, 2.2)), 0, 1, 0.25, 0.35)
        stitches = self.math("MULTIPLY", self.between(away, 1, 0, 0.05, 0.09), dash)
        return stitches, self.between(away, 1, 0, 0.05, 0.3)


def linen(
    colour: str,
    *,
    shade: str,
    light: str,
    stripe: str = "",
    bands: Sequence[Stripe] = (),
    threads: float = 8,
    crease: float = 0.5,
    weave: float = 0.5,
    lets_through: float = 0.15,
    hem: tuple[float, float, float] | None = None,
) -> bpy.types.Material:
    """Washed linen: slubs both ways, a plain weave, fine creases; some light comes through.

    `hem` is a row of stitches: half the cloth's width, half its depth, how far from the edge.
    """
    recipe = Woven(f"linen {colour}", colour, Roughness=0.92, Sheen_Weight=0.25, Sheen_Roughness=0.5)
    warp, weft = _threads(recipe, threads)
    slubs = [recipe.noise(1.4, recipe.stretched(*way, 1), detail=6, rough=0.6) for way in ((0.12, 3.5), (3.5, 0.12))]
    base: Any = linear(colour)
    if bands:
        base = recipe.mix(recipe.stripes(bands), colour, stripe)
    deep = recipe.mix(0.5, base, shade) if bands else shade
    pale = recipe.mix(0.4, base, light) if bands else light
    mottled = recipe.mix(recipe.between(slubs[0], 0, 0.75, 0.4, 0.75), base, deep)
    mottled = recipe.mix(recipe.between(slubs[1], 0, 0.65, 0.42, 0.75), mottled, pale)
    over = recipe.math("MAXIMUM", warp, weft)
    mottled = recipe.mix(recipe.between(over, 0.45, 0.0, 0.1, 0.6), mottled, deep)
    if hem:
        stitches, groove = recipe.stitched(*hem)
        mottled = recipe.mix(recipe.math("MULTIPLY", groove, 0.35), mottled, shade)
        mottled = recipe.mix(stitches, mottled, pale)
    recipe.set(Base_Color=mottled)
    wrinkled = recipe.noise(0.45, detail=5, rough=0.55)
    normal = recipe.bump(wrinkled, crease, 0.5)
    if hem:
        normal = recipe.bump(recipe.math("SUBTRACT", stitches, groove), 0.8, 0.12, normal)
    recipe.set(Normal=recipe.bump(over, weave, 0.03, normal))
    return _translucent(recipe, pale, lets_through)


def wool(colour: str, *, shade: str, light: str, bands: Sequence[Stripe] = (), stripe: str = "") -> bpy.types.Material:
    """Brushed twill wool: diagonal ribs under a soft nap."""
    recipe = Woven(f"wool {colour}", colour, Roughness=1.0, Sheen_Weight=0.6, Sheen_Roughness=0.6)
    nap = recipe.noise(3.5, recipe.stretched(1, 0.5, 1), detail=8, rough=0.75)
    twill = recipe.wave(1.1, direction="DIAGONAL", distortion=1.2, detail=3)
    base: Any = recipe.mix(recipe.stripes(bands, blur=0.15), colour, stripe) if bands else linear(colour)
    cloudy = recipe.mix(recipe.between(nap, 0.75, 0, 0.3, 0.6), base, recipe.mix(0.55, base, shade))
    recipe.set(Base_Color=recipe.mix(recipe.between(nap, 0, 0.5, 0.5, 0.8), cloudy, recipe.mix(0.5, base, light)))
    hairs = recipe.bump(nap, 0.7, 0.18)
    recipe.set(Normal=recipe.bump(twill, 0.35, 0.08, hairs))
    return recipe.material


def _threads(recipe: Woven, threads: float) -> tuple[Any, Any]:
    scale = threads * 0.31
    return (
        recipe.wave(scale, direction="X", distortion=0.8),
        recipe.wave(scale, direction="Y", distortion=0.8),
    )


def _translucent(recipe: Woven, colour: Any, share: float) -> bpy.types.Material:
    through = recipe.add("ShaderNodeBsdfTranslucent", Color=linear(colour) if isinstance(colour, str) else colour)
    both = recipe.add("ShaderNodeMixShader")
    both.inputs[0].default_value = share
    recipe.links.new(recipe.surface.outputs[0], both.inputs[1])
    recipe.links.new(through.outputs[0], both.inputs[2])
    recipe.links.new(both.outputs[0], recipe.output.inputs["Surface"])
    return recipe.material


COLOURS = {
    "chalk": ("#EDE4D3", "#D5CDBE", "#F9EFDE"),
    "fog": ("#B0B7B3", "#949A96", "#CCD4D0"),
    "moss": ("#6E7754", "#5A6245", "#808A61"),
    "clay": ("#A3583D", "#864832", "#BD6647"),
    "deep": ("#283A46", "#20303A", "#33485A"),
    "ochre": ("#C4964F", "#A57E42", "#E3AE5C"),
    "undyed": ("#D0C2A7", "#AFA38C", "#F1E1C2"),
}  # fmt: skip
"""Base, shade and light of each colour, in thread."""


def dyed(colour: str) -> dict[str, str]:
    """The three tones of a colour, as the materials take them."""
    base, shade, light = COLOURS[colour]
    return {"colour": base, "shade": shade, "light": light}

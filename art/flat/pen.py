"""The palette of docs/brand.md and the few strokes that every drawing is made of, in pixels of an 800 x 800 sheet."""

from __future__ import annotations

from typing import NamedTuple

SQUASH = 0.15
"""How flat a circle seen from slightly above looks: the height of its ellipse over the width."""


BASE = 640
"""Where the foot of a thing meets the table, and what a picture is enlarged about."""


class Tone(NamedTuple):
    """A material in three tones."""

    base: str
    shade: str
    light: str


CHALK = Tone("#f5f0e6", "#ddd4c4", "#fffcf5")
FOG = Tone("#bfc9c6", "#9faba8", "#d8dfdc")
MOSS = Tone("#7d8b63", "#626f4c", "#98a57f")
CLAY = Tone("#be7355", "#9d5940", "#d49175")
DEEP = Tone("#2f4a5a", "#213644", "#4b697b")
OCHRE = Tone("#cfa04e", "#af8237", "#e3be79")
RAW = Tone("#cfb596", "#b2977a", "#dfc9ae")
OAK = Tone("#cc9f6d", "#ac8052", "#deb98c")
BRASS = Tone("#c8a250", "#9f7c34", "#e8cf8b")
IRON = Tone("#44494b", "#2f3335", "#5f6668")
WAX = Tone("#f3e6c8", "#dcc9a0", "#fdf5e0")
HONEY = Tone("#e2b45c", "#c6953f", "#f0cf8a")
LINEN = Tone("#e6dac4", "#cbbb9f", "#f3ebdb")
WILLOW = Tone("#b98f5f", "#936d44", "#d3ad7e")
GLASS = Tone("#ffffff", "#8fb0a8", "#ffffff")

COLOURS = {"chalk": CHALK, "fog": FOG, "moss": MOSS, "clay": CLAY, "deep": DEEP, "ochre": OCHRE, "honey": HONEY}


class Scene(NamedTuple):
    """What stands behind a product: a wall, the two halves of the half moon, a table."""

    wall: str
    moon: str
    dark_moon: str
    table: str


TABLEWARE = Scene("#e3d9c8", "#f0e9dc", "#e9e0d1", "#d3c6b0")
KITCHEN = Scene("#d8dfd2", "#e8ede4", "#e0e6da", "#c4cebb")
TEXTILES = Scene("#ecdcd0", "#f6ebe2", "#f1e3d9", "#dfc9b9")
LIGHTING = Scene("#8b9ca3", "#a3b2b8", "#97a7ae", "#76888f")
STORAGE = Scene("#eee2c6", "#f8f0dd", "#f3e9d1", "#dfcfa9")
SCENT = Scene("#ded6dc", "#ece6ea", "#e5dee3", "#cbc1c9")

Profile = list[tuple[float, float]]
"""The outline of a turned thing: (radius, height on the sheet) from the top down."""


def turned(cx: float, profile: Profile) -> str:
    """The silhouette of a thing turned on a lathe or a wheel, its foot rounded by perspective."""
    right = [(cx + radius, y) for radius, y in profile]
    left = [(cx - radius, y) for radius, y in reversed(profile)]
    foot = profile[-1][0]
    return (
        f"M{right[0][0]:.0f} {right[0][1]:.0f}{_through(right)}"
        f"A{foot:.0f} {foot * SQUASH:.0f} 0 0 1 {left[0][0]:.0f} {left[0][1]:.0f}{_through(left)}Z"
    )


def _through(points: Profile) -> str:
    """A smooth curve from the first point through all others (Catmull-Rom, written as cubic Beziers)."""
    padded = [points[0], *points, points[-1]]
    curves = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        control = [
            (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6),
            (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6),
            end,
        ]
        curves.append("C" + " ".join(f"{x:.0f} {y:.0f}" for x, y in control))
    return "".join(curves)


def block(x: float, y: float, width: float, height: float, round_: float = 0) -> str:
    """A rectangle with rounded corners."""
    arc, across, down = f"a{round_:g} {round_:g} 0 0 1 ", width - 2 * round_, height - 2 * round_
    return (
        f"M{x + round_:g} {y:g}h{across:g}{arc}{round_:g} {round_:g}v{down:g}{arc}{-round_:g} {round_:g}"
        f"h{-across:g}{arc}{-round_:g} {-round_:g}v{-down:g}{arc}{round_:g} {-round_:g}z"
    )


class Pen:
    """Draws one picture; the methods lay shapes over each other in the order they are called."""

    def __init__(self, scene: Scene, *, table: bool = True, zoom: float = 1, turn: float = 0) -> None:
        """`zoom` enlarges what stands on the table about its middle; `turn` lays it at an angle, in degrees."""
        self._scene, self._table, self._zoom, self._turn = scene, table, zoom, turn
        self._parts: list[str] = []
        self._shapes = 0
        self._light = ""

    def shadow(self, cx: float, cy: float, rx: float) -> None:
        """Where a thing stands on the table: its shadow, falling to the right."""
        self.oval(round(cx + rx * 0.16), cy, round(rx * 1.16), round(rx * 0.17), "#000", 0.14)

    def cast(self, d: str, dx: float = 18, dy: float = 20) -> None:
        """The shadow of a thing that hangs on the wall or lies flat."""
        self._parts.append(f'<path d="{d}" transform="translate({dx:g} {dy:g})" opacity=".12"/>')

    def solid(self, d: str, tone: Tone, dx: float = -36, dy: float = 0) -> None:
        """A body lit from the left: its shade is what the same shape, moved by (dx, dy), does not cover."""
        self._shapes += 1
        path, clip = f"p{self._shapes}", f"c{self._shapes}"
        self._parts.append(
            f'<clipPath id="{clip}"><path id="{path}" d="{d}"/></clipPath><g clip-path="url(#{clip})">'
            f'<use href="#{path}" fill="{tone.shade}"/>'
            f'<use href="#{path}" x="{dx:g}" y="{dy:g}" fill="{tone.base}"/></g>'
        )

    def fill(self, d: str, colour: str, opacity: float = 1) -> None:
        """A shape in one colour."""
        self._parts.append(f'<path d="{d}" fill="{colour}"{_opacity(opacity)}/>')

    def line(self, d: str, colour: str, width: float, opacity: float = 1, *, dash: str = "") -> None:
        """A stroke with round ends."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashes}{_opacity(opacity)}/>'
        )

    def oval(self, cx: float, cy: float, rx: float, ry: float, colour: str, opacity: float = 1) -> None:
        """An ellipse in one colour."""
        self._parts.append(
            f'<ellipse cx="{cx:g}" cy="{cy:g}" rx="{rx:g}" ry="{ry:g}" fill="{colour}"{_opacity(opacity)}/>'
        )

    def mouth(self, cx: float, y: float, radius: float, tone: Tone, inside: str = "", wall: float = 12) -> None:
        """The open top of a vessel: its lip and what is seen inside."""
        self.oval(cx, y, radius, round(radius * SQUASH), tone.light)
        self.oval(cx, y + 1, radius - wall, round((radius - wall) * SQUASH), inside or tone.shade)

    def flame(self, cx: float, y: float, size: float = 1) -> None:
        """A candle's flame with its wick; `y` is where the wick leaves the wax."""
        place = f' transform="translate({cx:g} {y:g}) scale({size:g})"'
        self.glow(cx, y - 36 * size, 120 * size)
        self.line(f"M{cx:g} {y:g}v{-14 * size:g}", IRON.base, 4)
        self._parts.append(f'<path fill="#f6b545" d="M0-82Q26-36 14-18Q0-2-14-18Q-26-36 0-82z"{place}/>')
        self._parts.append(f'<path fill="#fff0bd" d="M0-50Q12-28 0-16Q-12-28 0-50z"{place}/>')

    def glow(self, cx: float, cy: float, radius: float) -> None:
        """Warm light around a lamp or a flame, fading out."""
        self._light = (
            '<radialGradient id="g"><stop stop-color="#ffedc2" stop-opacity=".75"/>'
            '<stop offset="1" stop-color="#ffedc2" stop-opacity="0"/></radialGradient>'
        )
        self.oval(cx, cy, radius, radius, "url(#g)")

    def svg(self) -> str:
        """The finished picture."""
        scene = self._scene
        behind = [
            f'<path fill="{scene.wall}" d="M0 0h800v800H0z"/>',
            f'<path fill="{scene.moon}" d="M400 90a260 260 0 0 0 0 520z"/>',
            f'<path fill="{scene.dark_moon}" d="M400 90a260 260 0 0 1 0 520z"/>',
            f'<path fill="{scene.table}" d="M0 590h800v210H0z"/>' * self._table,
        ]
        moves = [
            f"translate(400 {BASE}) scale({self._zoom:g}) translate(-400 -{BASE})" * (self._zoom != 1),
            f"rotate({self._turn:g} 400 400)" * (self._turn != 0),
        ]
        placed = "".join(self._parts)
        if any(moves):
            placed = f'<g transform="{"".join(moves)}">{placed}</g>'
        ends = 'stroke-linecap="round" stroke-linejoin="round"'
        drawing = f"{''.join(behind)}{self._light}{placed}"
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" {ends}>{drawing}</svg>\n'


def _opacity(opacity: float) -> str:
    return "" if opacity == 1 else f' opacity="{opacity:g}"'

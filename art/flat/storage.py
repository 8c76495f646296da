"""Storage: willow, oak and glass."""

from __future__ import annotations

from art.flat.pen import BRASS, CLAY, DEEP, FOG, LINEN, MOSS, OAK, STORAGE, WILLOW, Pen, Tone, block, turned


def baskets() -> Pen:
    """Three sizes of one willow basket."""
    pen = Pen(STORAGE)
    for cx, top, foot, radius in ((300, 290, 620, 172), (546, 420, 640, 132), (372, 548, 684, 96)):
        pen.shadow(cx, foot, radius * 0.9)
        pen.line(f"M{cx - radius // 2} {top}q{radius // 2} {-radius} {radius} 0", WILLOW.shade, 15)
        pen.solid(
            turned(cx, [(radius, top), (radius * 0.98, (top + foot) / 2), (radius * 0.8, foot)]), WILLOW, -radius * 0.22
        )
        weave = [f"M{cx - reach} {y}q{reach} {reach // 3} {2 * reach} 0" for y, reach in _rows(top, foot, radius)]
        pen.line("".join(weave), WILLOW.light, 9, 0.75, dash="20 17")
        pen.mouth(cx, top, radius, WILLOW, "#6f5233", 14)
    return pen


def _rows(top: int, foot: int, radius: int) -> list[tuple[int, int]]:
    """The height of each row of the weave and how far it reaches from the middle."""
    return [
        (y, round(radius * (0.95 - 0.14 * ((y - top) / (foot - top)) ** 2)) - 8) for y in range(top + 36, foot - 10, 38)
    ]


def jars() -> Pen:
    """Three glass jars with oak lids, filled."""
    pen = Pen(STORAGE)
    for cx, top, radius, food, top_of_food in (
        (244, 240, 106, "#c98b4f", "#d9a673"),
        (452, 360, 96, "#e2d3b2", "#efe5cd"),
        (626, 466, 78, "#6d7650", "#8b946e"),
    ):
        full = (top + 720) // 2
        pen.shadow(cx, 642, radius)
        pen.fill(turned(cx, [(radius, top + 40), (radius, 642)]), "#f4faf7", 0.8)
        pen.solid(turned(cx, [(radius - 9, full), (radius - 9, 634)]), Tone(food, "#0000001f", top_of_food), -24)
        pen.oval(cx, full, radius - 9, 13, top_of_food)
        pen.line(f"M{cx - radius + 26} {top + 90}v{520 - top}", "#fff", 11, 0.6)
        pen.solid(turned(cx, [(radius + 4, top), (radius + 4, top + 50)]), OAK, -24)
        pen.oval(cx, top, radius + 4, 15, OAK.light)
    return pen


def peg_rail() -> Pen:
    """An oak rail with five brass pegs and a bag on one."""
    pen = Pen(STORAGE, table=False)
    board = block(90, 250, 620, 92, 12)
    pen.cast(board, 12, 16)
    pen.solid(board, OAK, 0, -16)
    pen.line("M120 276h240M300 306h380M440 284h220", OAK.shade, 4, 0.45)
    pen.line("M284 310L238 440M284 310L332 440", LINEN.shade, 11)
    bag = "M204 430h164l22 220q-104 18-208 0z"
    pen.cast(bag, 14, 16)
    pen.solid(bag, LINEN, -28)
    pen.line("M222 462h130", LINEN.shade, 4, dash="2 10")
    for cx in (162, 284, 400, 516, 638):
        pen.oval(cx + 8, 306, 27, 27, "#000", 0.18)
        pen.oval(cx, 298, 27, 27, BRASS.shade)
        pen.oval(cx - 3, 295, 23, 23, BRASS.base)
        pen.oval(cx - 9, 289, 8, 8, BRASS.light)
    return pen


def tray() -> Pen:
    """An oak tray from above, two cups on it."""
    pen = Pen(STORAGE, table=False, turn=-18)
    rim = block(110, 220, 580, 360, 40)
    pen.cast(rim, 16, 24)
    pen.solid(rim, OAK._replace(base="#deb98c"), -6, -8)
    pen.fill(block(138, 248, 524, 304, 24), OAK.shade)
    pen.fill(block(144, 256, 518, 296, 24), OAK.base)
    pen.line("M180 310h430M170 380h300M250 450h380M180 510h360", OAK.shade, 4, 0.5)
    pen.fill(block(118, 350, 12, 100, 6) + block(670, 350, 12, 100, 6), "#8d6739")
    for cx, cy, glaze in ((300, 360, FOG), (430, 452, CLAY)):
        pen.oval(cx + 14, cy + 16, 66, 66, "#000", 0.16)
        pen.oval(cx, cy, 66, 66, glaze.base)
        pen.oval(cx, cy, 52, 52, glaze.shade)
        pen.oval(cx + 3, cy + 3, 46, 46, "#5a3f2b")
    return pen


def box() -> Pen:
    """A finger-jointed oak box, its lid leaning on it."""
    pen = Pen(STORAGE)
    pen.shadow(400, 640, 240)
    pen.fill("M190 380l54-56h360l24 56z", "#8d6739")
    body = block(180, 380, 450, 262, 8)
    pen.solid(body, OAK, -34)
    pen.line("M230 440h330M220 500h250M330 560h270M230 612h200", OAK.shade, 4, 0.45)
    for y in range(390, 632, 50):
        pen.fill(f"M180 {y}h34v25h-34z", OAK.light)
        pen.fill(f"M596 {y}h34v25h-34z", OAK.light, 0.6)
    pen.fill(block(354, 440, 100, 30, 15), "#8d6739")
    lid = "M560 664l66-404q4-16 20-14l34 6q16 4 14 20l-66 402z"
    pen.cast(lid, 14, 4)
    pen.solid(lid, OAK._replace(base="#deb98c"), -16)
    return pen


def shelf() -> Pen:
    """An oak shelf on brass brackets with a few things on it."""
    pen = Pen(STORAGE, table=False)
    board = block(100, 430, 600, 40, 6)
    for x in (190, 586):
        pen.line(f"M{x} 470v120q0 0 0 0M{x} 590q86-24 96-118", BRASS.shade, 14)
        pen.line(f"M{x - 3} 470v116M{x - 2} 586q82-24 92-114", BRASS.base, 8)
    pen.cast(board, 14, 26)
    pen.solid(board, OAK, 0, -14)
    pen.line("M130 444h260M350 452h300", OAK.shade, 3, 0.5)
    for x, height, tone in ((190, 190, DEEP), (232, 160, CLAY), (276, 176, LINEN)):
        pen.solid(block(x, 430 - height, 40, height, 4), tone, -10)
        pen.line(f"M{x + 10} {430 - height + 26}h18", tone.light, 5)
    pen.solid(turned(470, [(22, 268), (20, 292), (62, 350), (66, 390), (46, 426)]), MOSS, -20)
    pen.oval(470, 268, 22, 4, MOSS.shade)
    pen.solid(turned(598, [(72, 376), (62, 406), (30, 428)]), FOG, -18)
    pen.oval(598, 376, 72, 10, FOG.light)
    return pen

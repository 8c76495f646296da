"""Tableware: stoneware and glass."""

from __future__ import annotations

from art.flat.pen import BRASS, OAK, RAW, TABLEWARE, Pen, Tone, turned


def mug(glaze: Tone) -> Pen:
    """The glaze ends a finger above the foot."""
    pen = Pen(TABLEWARE, zoom=1.16)
    body = [(138.0, 320.0), (144.0, 420.0), (138.0, 540.0), (112.0, 636.0)]
    pen.shadow(380, 636, 150)
    pen.line("M512 388C620 370 628 552 502 546", glaze.shade, 36)
    pen.line("M508 384C608 368 616 544 500 540", glaze.base, 24)
    pen.solid(turned(375, body), RAW)
    pen.solid(turned(375, [*body[:2], (139, 530), (131, 572)]), glaze)
    pen.line("M262 380q-2 70 6 130", glaze.light, 12, 0.7)
    pen.mouth(375, 320, 138, glaze)
    return pen


def bowl(glaze: Tone) -> Pen:
    """Wide, on a small unglazed foot."""
    pen = Pen(TABLEWARE, zoom=1.14)
    pen.shadow(400, 632, 150)
    pen.solid(turned(400, [(96, 590), (92, 632)]), RAW)
    pen.solid(turned(400, [(232, 400), (222, 460), (178, 548), (98, 600)]), glaze, -48)
    pen.line("M196 452q26 74 84 116", glaze.light, 12, 0.7)
    pen.mouth(400, 400, 232, glaze)
    pen.oval(400, 410, 176, 19, glaze.base, 0.55)
    return pen


def plates(glaze: Tone) -> Pen:
    """A dinner plate on edge, the side plate before it."""
    pen = Pen(TABLEWARE)
    pen.shadow(400, 628, 240)
    for cx, cy, radius in ((350, 388, 236), (524, 460, 166)):
        pen.oval(cx + 14, cy + 6, radius, radius, "#000", 0.1)
        pen.oval(cx, cy, radius, radius, glaze.base)
        pen.oval(cx + 3, cy + 3, radius * 0.72, radius * 0.72, glaze.shade)
        pen.oval(cx + 8, cy + 8, radius * 0.7, radius * 0.7, glaze.light)
        rim = radius - 12
        pen.line(f"M{cx - rim} {cy}a{rim} {rim} 0 0 1 {rim} {-rim}", "#fff", 8, 0.75)
    return pen


def vase() -> Pen:
    """A shouldered bottle with three dry stems."""
    pen = Pen(TABLEWARE)
    pen.shadow(400, 640, 120)
    pen.line(
        "M398 306C388 220 350 150 320 96M402 306C404 210 420 140 436 76M406 306C424 250 460 210 500 176", "#8d7b52", 6
    )
    pen.fill(
        "M300 52Q344 82 330 146Q286 112 300 52zM452 30Q470 90 424 146Q402 82 452 30z"
        "M540 146Q518 206 464 214Q484 154 540 146z",
        "#b89a62",
    )
    pen.solid(
        turned(400, [(40, 304), (36, 350), (70, 404), (128, 470), (140, 540), (96, 640)]),
        Tone("#5d7d80", "#466265", "#86a3a4"),
    )
    pen.line("M296 500q-8 44 14 90", "#a9c0c0", 12, 0.6)
    pen.mouth(400, 304, 40, Tone("#5d7d80", "#344a4c", "#86a3a4"), wall=9)
    return pen


def glasses() -> Pen:
    """Four tumblers of sea-coloured glass."""
    pen = Pen(TABLEWARE, zoom=1.06)
    sea = Tone("#a5c8be", "#6f9e92", "#eef6f3")
    for cx, foot in ((250, 604), (510, 604), (346, 654), (606, 654)):
        top = foot - 226
        pen.shadow(cx, foot, 70)
        pen.fill(turned(cx, [(88, top), (72, foot)]), sea.base, 0.72)
        pen.fill(turned(cx, [(74, foot - 24), (72, foot)]), sea.shade, 0.7)
        pen.oval(cx, top, 88, 13, sea.light)
        pen.oval(cx, top + 1, 80, 10, sea.base)
        pen.line(f"M{cx - 64} {top + 44}l6 110", "#fff", 10, 0.7)
    return pen


def teapot() -> Pen:
    """Round, with a brass handle over the top and an oak knob."""
    glaze = Tone("#5f6f78", "#47555d", "#84939b")
    pen = Pen(TABLEWARE)
    pen.shadow(400, 636, 160)
    pen.line("M282 408C252 160 548 160 518 408", BRASS.shade, 18)
    pen.line("M280 404C252 158 542 158 514 404", BRASS.base, 10)
    pen.solid("M262 470C200 466 186 420 168 372L132 384C150 470 176 560 276 568z", glaze, 14, 10)
    pen.solid(turned(400, [(84, 390), (158, 430), (186, 510), (160, 590), (110, 636)]), glaze, -44)
    pen.line("M252 470q-18 50 8 100", glaze.light, 12, 0.7)
    pen.solid(turned(400, [(30, 358), (78, 376), (92, 398)]), glaze, -24)
    pen.solid(turned(400, [(16, 322), (28, 338), (18, 358)]), OAK, -12)
    return pen

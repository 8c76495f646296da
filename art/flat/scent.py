"""Candles and scent: wax, stoneware, brass and glass."""

from __future__ import annotations

from art.flat.pen import BRASS, CHALK, CLAY, DEEP, LINEN, MOSS, OAK, RAW, SCENT, WAX, Pen, Tone, turned


def cup_candle(glaze: Tone) -> Pen:
    """A candle poured into a stoneware cup."""
    pen = Pen(SCENT, zoom=1.22)
    pen.shadow(400, 634, 140)
    body = [(142.0, 390.0), (146.0, 470.0), (140.0, 570.0), (118.0, 634.0)]
    pen.solid(turned(400, body), RAW)
    pen.solid(turned(400, [*body[:2], (143, 540), (138, 574)]), glaze, -38)
    pen.line("M280 440q-4 50 2 90", glaze.light, 12, 0.8)
    pen.mouth(400, 390, 142, glaze, WAX.base)
    pen.oval(400, 392, 62, 8, WAX.light)
    pen.flame(400, 390, 1.25)
    return pen


def tapers(wax: Tone) -> Pen:
    """Six dipped tapers, joined in pairs at the wick and tied."""
    pen = Pen(SCENT, table=False)
    six = "".join(f"M{x} 220q12 0 14 22l8 400q0 20-22 20t-22-20l8-400q2-22 14-22z" for x in range(260, 541, 56))
    pen.line("".join(f"M{x} 222q2-84 28-84t28 84" for x in (260, 372, 484)), LINEN.shade, 5)
    pen.cast(six, 12, 14)
    pen.solid(six, wax, -12)
    pen.solid("M232 400q170 20 340 0v52q-170 20-340 0z", LINEN, -16, -8)
    bow = (
        "M402 430C350 370 314 396 340 416Q362 434 402 430C454 370 490 396 464 416Q442 434 402 430l-26 60M402 430l30 56"
    )
    pen.line(bow, CLAY.base, 7)
    return pen


def pillars() -> Pen:
    """Three heights of one pillar candle."""
    pen = Pen(SCENT)
    for cx, top, foot in ((292, 250, 620), (490, 370, 640), (384, 520, 676)):
        pen.shadow(cx, foot, 86)
        pen.solid(turned(cx, [(86, top), (86, foot)]), WAX, -26)
        pen.oval(cx, top, 86, 13, WAX.light)
        pen.oval(cx, top + 1, 50, 7, "#f6dca0")
        pen.flame(cx, top, 0.85)
    return pen


def diffuser() -> Pen:
    """Reeds in a small glass bottle."""
    pen = Pen(SCENT, zoom=1.08)
    pen.shadow(400, 640, 120)
    pen.line("M396 420L300 110M400 420L364 84M402 420L430 80M404 420L500 120M398 420L250 170", "#9b7a4b", 8)
    pen.solid(
        turned(400, [(40, 372), (40, 420), (124, 470), (130, 540), (118, 640)]), Tone("#d7e6df", "#b2cbc2", "#fff"), -28
    )
    pen.fill(turned(400, [(122, 520), (120, 560), (110, 632)]), "#d9ad62", 0.85)
    pen.oval(400, 520, 122, 17, "#ecc98a")
    pen.line("M294 500q-6 60 4 96", "#fff", 11, 0.75)
    pen.solid(turned(400, [(48, 364), (48, 412)]), OAK, -18)
    pen.oval(400, 364, 48, 7, OAK.light)
    return pen


def incense() -> Pen:
    """A stick of incense in a shallow dish, smoking."""
    pen = Pen(SCENT)
    pen.shadow(400, 632, 200)
    pen.line("M556 252C500 200 600 160 548 100S590 40 560 10", "#fff", 12, 0.55)
    pen.solid(turned(400, [(226, 540), (214, 576), (150, 616), (120, 632)]), DEEP, -50)
    pen.mouth(400, 540, 226, DEEP, "#3c5a6b", 12)
    pen.line("M384 536L556 260", "#8a6d55", 9)
    pen.line("M536 292L556 260", "#d8d0cc", 10)
    pen.oval(556, 259, 7, 7, "#e2703a")
    pen.solid(turned(384, [(24, 514), (38, 536), (40, 552)]), BRASS, -14)
    return pen


def soap() -> Pen:
    """Two bars, one in its paper, on a ridged dish."""
    pen = Pen(SCENT, zoom=1.1)
    pen.shadow(400, 640, 220)
    pen.solid(turned(400, [(236, 590), (222, 616), (180, 640)]), CHALK, -50)
    pen.oval(400, 590, 236, 26, CHALK.light)
    for y, x, tone in ((486, 236, MOSS), (376, 262, Tone("#c9cfae", "#a9b08b", "#dfe3c9"))):
        bar = f"M{x} {y + 36}q0-34 36-34h240q36 0 36 34v44q0 28-36 28h-240q-36 0-36-28z"
        pen.solid(bar, tone, -26, -10)
        pen.line(f"M{x + 36} {y + 20}h190", tone.light, 9, 0.8)
    pen.fill("M350 377h112v108H350z", LINEN.light)
    pen.fill("M350 400h112v10H350zM350 452h112v10H350z", LINEN.shade)
    return pen

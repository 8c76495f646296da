"""Textiles: linen and wool."""

from __future__ import annotations

from art.flat.pen import BRASS, CHALK, CLAY, DEEP, FOG, LINEN, OAK, TEXTILES, Pen, Tone, block, turned


def throw(dye: Tone) -> Pen:
    """A fringed throw over an oak rail."""
    pen = Pen(TEXTILES, table=False)
    rail = block(120, 186, 560, 26, 13)
    pen.cast(rail)
    pen.solid(rail, OAK, 0, -8)
    pen.line(
        _fringe(294, 564, 668),
        dye.shade,
        7,
    )
    pen.fill("M282 186h290v484H282z", dye.shade)
    front = "M228 196q0-22 22-22h280q22 0 22 22v404H228z"
    pen.cast(front, 14, 16)
    pen.solid(front, dye, -30)
    pen.fill("M228 480h294v20H228zM228 518h294v44H228z", dye.light, 0.85)
    pen.line(
        _fringe(238, 526, 602),
        dye.base,
        7,
    )
    pen.line("M316 230q8 120 0 230M430 220q-8 130 2 240", dye.shade, 5, 0.35)
    return pen


def _fringe(left: int, right: int, top: int) -> str:
    """Loose warp threads along the lower edge of a cloth."""
    return "".join(f"M{x} {top}v46" for x in range(left, right, 24))


def cushion(dye: Tone) -> Pen:
    """A square linen cushion with a sewn edge."""
    pen = Pen(TEXTILES)
    pen.shadow(400, 634, 210)
    body = (
        "M196 226q-8-30 26-26q178 26 356 0q34-4 26 26q-34 180 0 370q6 34-28 30q-176-22-352 0q-34 4-28-30q34-190 0-370z"
    )
    pen.solid(body, dye, -44, -12)
    pen.line("M226 232q174 22 348 0q-28 178 0 362q-174-20-348 0q28-184 0-362z", dye.light, 5, 0.8, dash="2 12")
    pen.line("M236 256q70 60 84 130M564 262q-60 46-80 110M250 572q40-70 96-88", dye.shade, 6, 0.5)
    return pen


def napkins(dye: Tone) -> Pen:
    """Four folded napkins, tied."""
    pen = Pen(TEXTILES, zoom=1.08)
    pen.shadow(400, 638, 224)
    for shift, y in ((0, 596), (8, 552), (-6, 508), (4, 464)):
        pen.solid(block(180 + shift, y, 440, 46, 20), dye, -30, -8)
        pen.line(f"M{214 + shift} {y + 30}h370", dye.light, 4, 0.8, dash="2 11")
    pen.solid(block(384, 460, 34, 184, 6), LINEN, -10)
    pen.line("M401 462C350 396 306 414 334 444Q356 464 401 462C452 396 496 414 468 444Q446 464 401 462", LINEN.base, 13)
    return pen


def towels() -> Pen:
    """Two striped tea towels over a brass rail."""
    pen = Pen(TEXTILES, table=False)
    rail = block(120, 190, 560, 20, 10)
    pen.cast(rail)
    pen.solid(rail, BRASS, 0, -6)
    for x, tone, stripe, long in ((196, CHALK, DEEP, 430), (424, LINEN, CLAY, 370)):
        cloth = f"M{x} 198q0-16 16-16h158q16 0 16 16v{long}h-190z"
        pen.cast(cloth, 14, 16)
        pen.solid(cloth, tone, -26)
        end = 198 + long
        pen.fill(
            f"M{x} {end - 60}h190v26h-190zM{x} {end - 78}h190v8h-190zM{x} {end - 24}h190v8h-190z", stripe.base, 0.9
        )
        pen.line(f"M{x + 70} 220q6 120 0 {long - 130}M{x + 128} 220q-6 90 0 {long - 190}", tone.shade, 5, 0.6)
    return pen


def tablecloth() -> Pen:
    """A cloth on an oak table, hanging in folds."""
    pen = Pen(TEXTILES)
    pen.shadow(400, 690, 250)
    pen.solid(block(170, 500, 34, 190, 4), OAK, -12)
    pen.solid(block(596, 500, 34, 190, 4), OAK, -12)
    cloth = "M150 340h500l30 230q-280 30-560 0z"
    pen.cast(cloth, 6, 20)
    pen.solid(cloth, LINEN, -34)
    pen.fill("M196 296h408l46 46H150z", LINEN.light)
    pen.line("M150 342h500", "#fff", 6)
    pen.line(
        "M216 390q-8 90-18 160M300 380q2 100-6 176M380 390q2 90-2 166M466 380q0 90 8 176M546 390q6 80 20 160",
        LINEN.shade,
        7,
        0.7,
    )
    pen.shadow(420, 318, 60)
    pen.solid(turned(420, [(84, 262), (74, 290), (40, 320)]), FOG, -20)
    pen.mouth(420, 262, 84, FOG, wall=8)
    return pen


def apron() -> Pen:
    """A bib apron on a peg."""
    pen = Pen(TEXTILES, table=False)
    pen.line("M330 286C330 180 362 158 400 158s70 22 70 128", DEEP.shade, 13)
    body = "M322 280h156q4 84 92 124q12 120 4 276q-174 20-348 0q-8-156 4-276q88-40 92-124z"
    pen.cast(body)
    pen.solid(body, DEEP, -32)
    pen.line("M230 408q-60 40-70 120M570 408q60 40 66 104", DEEP.base, 11)
    pen.fill(block(304, 470, 192, 120, 10), DEEP.light, 0.6)
    pen.line("M304 494h192M400 498v88", DEEP.base, 4)
    pen.line("M334 300h132M250 652q150 16 300 0", DEEP.light, 4, dash="2 11")
    pen.oval(400, 160, 20, 20, BRASS.base)
    pen.oval(395, 155, 8, 8, BRASS.light)
    return pen

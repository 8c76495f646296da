"""Lighting: brass, stoneware, linen and glass, all lit."""

from __future__ import annotations

from art.flat.pen import BRASS, CHALK, GLASS, LIGHTING, LINEN, OAK, WAX, Pen, Tone, block, turned

GLOW = "#ffe9b8"
LIT = Tone("#f7e6c2", "#e3cb9b", "#fff5dc")


def lantern() -> Pen:
    """A candle in a glass cylinder between brass plates."""
    pen = Pen(LIGHTING)
    pen.shadow(400, 650, 140)
    pen.glow(400, 440, 330)
    pen.line("M330 262C330 120 470 120 470 262", BRASS.shade, 12)
    pen.line("M327 262C327 122 464 122 464 262", BRASS.base, 7)
    pen.solid(turned(400, [(52, 470), (52, 606)]), WAX, -22)
    pen.oval(400, 470, 52, 8, WAX.light)
    pen.flame(400, 468, 1.1)
    pen.fill(turned(400, [(122, 300), (122, 606)]), GLASS.base, 0.24)
    pen.line("M304 330v240", "#fff", 12, 0.6)
    pen.line("M278 300v310M522 300v310", BRASS.base, 9)
    pen.solid(turned(400, [(64, 256), (132, 282), (134, 302)]), BRASS, -36)
    pen.solid(turned(400, [(136, 604), (136, 626), (140, 650)]), BRASS, -36)
    return pen


def lamp(glaze: Tone) -> Pen:
    """A round stoneware foot under a linen shade."""
    pen = Pen(LIGHTING)
    pen.shadow(400, 650, 130)
    pen.glow(400, 320, 370)
    pen.fill("M388 400h24v90h-24z", BRASS.base)
    pen.solid(turned(400, [(26, 456), (62, 470), (106, 510), (122, 562), (110, 612), (76, 650)]), glaze, -34)
    pen.line("M298 540q-8 34 10 66", glaze.light, 11, 0.8)
    pen.solid("M312 170h176l76 232q-164 28-328 0z", LIT, -30)
    pen.oval(400, 170, 88, 9, LIT.light)
    pen.line("M330 186l-56 206M470 186l56 206", LIT.shade, 4, 0.5)
    return pen


def reading_lamp() -> Pen:
    """A brass arm that leans over the page."""
    pen = Pen(LIGHTING)
    pen.shadow(300, 652, 130)
    pen.fill("M470 330L330 640h320z", GLOW, 0.28)
    pen.line("M300 640L226 380L500 220", BRASS.shade, 18)
    pen.line("M297 640L222 380L497 217", BRASS.base, 10)
    pen.oval(226, 380, 24, 24, BRASS.shade)
    pen.oval(222, 376, 20, 20, BRASS.light)
    pen.oval(516, 316, 62, 30, "#fff3cf")
    pen.solid("M470 196q34-22 62 8q72 66 70 112q-84-30-150 16q-34-60 18-136z", BRASS, -22, -10)
    pen.solid(turned(300, [(118, 632), (122, 652)]), BRASS, -36)
    pen.oval(300, 632, 118, 17, BRASS.light)
    return pen


def pendant() -> Pen:
    """A stoneware bell on a linen cord."""
    pen = Pen(LIGHTING, table=False)
    pen.fill("M218 500h364l130 300H88z", GLOW, 0.3)
    pen.line("M400 0v220", LINEN.shade, 8)
    pen.solid(turned(400, [(26, 206), (30, 254)]), BRASS, -14)
    pen.solid(turned(400, [(40, 250), (130, 290), (182, 390), (204, 500)]), CHALK, -46)
    pen.oval(400, 500, 204, 31, CHALK.light)
    pen.oval(400, 502, 190, 26, "#f3d690")
    pen.oval(400, 510, 54, 38, "#fff6da")
    pen.line("M240 460q8-80 60-134", "#fff", 12, 0.7)
    return pen


def candlesticks() -> Pen:
    """A pair in turned brass with lit tapers."""
    pen = Pen(LIGHTING)
    for cx, top in ((310, 440), (500, 350)):
        foot = 650
        pen.shadow(cx, foot, 76)
        pen.solid(turned(cx, [(13, top - 190), (17, top)]), WAX, -10)
        pen.flame(cx, top - 188, 0.9)
        pen.solid(
            turned(
                cx,
                [
                    (34, top - 6),
                    (30, top + 22),
                    (11, top + 44),
                    (12, foot - 80),
                    (24, foot - 44),
                    (74, foot - 16),
                    (78, foot),
                ],
            ),
            BRASS,
            -20,
        )
        pen.oval(cx, top - 6, 34, 5, BRASS.light)
        pen.line(f"M{cx - 60} {foot - 8}q14-10 30-16", BRASS.light, 6)
    return pen


def floor_lamp() -> Pen:
    """Three oak legs and a linen shade."""
    pen = Pen(LIGHTING)
    pen.shadow(400, 716, 150)
    pen.glow(400, 230, 340)
    pen.line("M400 330L436 680", OAK.shade, 18)
    pen.line("M392 320L280 722", OAK.base, 20)
    pen.line("M408 320L530 722", OAK.base, 20)
    pen.line("M404 340L524 722", OAK.light, 5)
    pen.line("M336 526h132", BRASS.base, 9)
    pen.solid(block(376, 298, 48, 52, 8), BRASS, -14)
    pen.solid("M304 106h192l50 204q-146 26-292 0z", LIT, -30)
    pen.oval(400, 106, 96, 9, LIT.light)
    pen.line("M326 122l-38 180M474 122l38 180", LIT.shade, 4, 0.5)
    return pen

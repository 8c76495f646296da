"""Kitchen: oak, stoneware and iron."""

from __future__ import annotations

from art.flat.pen import CHALK, FOG, IRON, KITCHEN, OAK, RAW, Pen, block, turned


def boards() -> Pen:
    """Two sizes of one board, leaning on the wall."""
    pen = Pen(KITCHEN)
    pen.shadow(400, 632, 210)
    large = (
        "M250 256a22 22 0 0 1 22-22h70q20 0 22-22v-46a40 40 0 0 1 80 0v46q2 22 22 22h52a22 22 0 0 1 22 22"
        "v356a22 22 0 0 1-22 22H272a22 22 0 0 1-22-22z"
    )
    pen.cast(large, 14, 4)
    pen.solid(large, OAK, -14)
    pen.oval(404, 170, 14, 14, KITCHEN.moon)
    pen.line("M300 270v330M350 262v344M452 262v344M500 270v330", OAK.shade, 4, 0.5)
    pen.line("M400 250C384 340 420 420 400 600", OAK.shade, 4, 0.5)
    small = (
        "M420 430a18 18 0 0 1 18-18h62q12 0 14-14v-28a28 28 0 0 1 56 0v28q2 14 14 14h38a18 18 0 0 1 18 18"
        "v188a18 18 0 0 1-18 18H438a18 18 0 0 1-18-18z"
    )
    pen.cast(small, 12, 4)
    pen.solid(small, OAK._replace(base="#deb98c"), -12)
    pen.oval(542, 370, 10, 10, OAK.base)
    pen.line("M466 436v176M588 436v176M526 430q-12 90 0 180", OAK.base, 4, 0.8)
    return pen


def spoon() -> Pen:
    """A cooking spoon with the blade of an oar."""
    pen = Pen(KITCHEN, table=False, turn=38)
    body = "M400 90q58 12 62 92q2 70-34 118q-10 16-10 40v330a18 18 0 0 1-36 0V340q0-24-10-40q-36-48-34-118q4-80 62-92z"
    pen.cast(body, 26, -6)
    pen.solid(body, OAK, -14)
    pen.fill("M400 116q38 14 40 74q0 52-26 84q-14 12-28 0q-26-32-26-84q2-60 40-74z", OAK.shade, 0.55)
    pen.line("M394 360v280M406 380v230", OAK.light, 4, 0.8)
    return pen


def salt_pot() -> Pen:
    """A low pot with an oak lid."""
    pen = Pen(KITCHEN, zoom=1.16)
    pen.shadow(400, 632, 160)
    body = [(150.0, 430.0), (160.0, 500.0), (154.0, 570.0), (130.0, 632.0)]
    pen.solid(turned(400, body), RAW)
    pen.solid(turned(400, [*body[:2], (158, 544), (152, 574)]), CHALK, -40)
    pen.line("M266 470q-8 40 2 76", "#fff", 12, 0.8)
    pen.solid(turned(400, [(160, 398), (162, 412), (160, 430)]), OAK, -40)
    pen.oval(400, 398, 160, 24, OAK.light)
    pen.line("M310 394q90 16 180 0M340 404q60 8 120 0", OAK.base, 3)
    pen.solid(turned(400, [(20, 352), (34, 370), (22, 394)]), OAK, -14)
    return pen


def mortar() -> Pen:
    """Unglazed stoneware, pestle in it."""
    pen = Pen(KITCHEN, zoom=1.08)
    pen.shadow(400, 634, 150)
    pen.solid(turned(400, [(180, 410), (182, 470), (150, 560), (100, 600), (116, 634)]), FOG, -44)
    pen.line("M240 450q6 60 52 106", FOG.light, 12, 0.8)
    pen.mouth(400, 410, 180, FOG, "#7f8b88", 22)
    pestle = "M382 424q-16-10-8-34l108-216q18-30 50-14q32 18 18 48L424 406q-18 28-42 18z"
    pen.solid(pestle, RAW, -16, -6)
    pen.line("M420 330l80-158", RAW.light, 8, 0.9)
    return pen


def rolling_pin() -> Pen:
    """A tapered pin without handles."""
    pen = Pen(KITCHEN, table=False, turn=48)
    body = "M400 60q26 0 34 40q22 150 22 300t-22 300q-8 40-34 40t-34-40q-22-150-22-300t22-300q8-40 34-40z"
    pen.cast(body, 28, 0)
    pen.solid(body, OAK, -26)
    pen.line("M376 140Q358 400 380 660M404 120q-10 280 4 560", OAK.shade, 4, 0.45)
    pen.line("M362 230q-10 170 0 330", OAK.light, 9, 0.9)
    return pen


def pan() -> Pen:
    """A cast-iron pan from above."""
    pen = Pen(KITCHEN, table=False, turn=42)
    handle = block(366, 70, 68, 260, 34)
    rim = "M400 290a196 196 0 1 1 0 392a196 196 0 1 1 0-392z"
    pen.cast(handle, 22, 8)
    pen.cast(rim, 26, 8)
    pen.solid(handle, IRON, -16)
    pen.oval(400, 112, 14, 22, KITCHEN.moon)
    pen.solid(rim, IRON._replace(base="#575d60"), -8, -8)
    pen.oval(400, 486, 168, 168, IRON.shade)
    pen.oval(404, 490, 162, 162, IRON.base)
    pen.line("M262 486a138 138 0 0 1 138-138", IRON.light, 10, 0.7)
    return pen

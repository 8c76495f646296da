"""Write every picture: `python -m art.flat`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from art.flat import kitchen, lighting, scent, storage, tableware, textiles
from art.flat.pen import COLOURS, Pen, Tone

FOLDER = Path(__file__).parents[2] / "static" / "img" / "products"

ONE_COLOUR: dict[str, Callable[[], Pen]] = {
    "vase": tableware.vase,
    "glasses": tableware.glasses,
    "teapot": tableware.teapot,
    "board": kitchen.boards,
    "spoon": kitchen.spoon,
    "salt-pot": kitchen.salt_pot,
    "mortar": kitchen.mortar,
    "rolling-pin": kitchen.rolling_pin,
    "pan": kitchen.pan,
    "towels": textiles.towels,
    "tablecloth": textiles.tablecloth,
    "apron": textiles.apron,
    "lantern": lighting.lantern,
    "reading-lamp": lighting.reading_lamp,
    "pendant": lighting.pendant,
    "candlesticks": lighting.candlesticks,
    "floor-lamp": lighting.floor_lamp,
    "basket": storage.baskets,
    "jar": storage.jars,
    "peg-rail": storage.peg_rail,
    "tray": storage.tray,
    "box": storage.box,
    "shelf": storage.shelf,
    "pillar": scent.pillars,
    "diffuser": scent.diffuser,
    "incense": scent.incense,
    "soap": scent.soap,
}

COLOURED: dict[str, tuple[Callable[[Tone], Pen], tuple[str, ...]]] = {
    "mug": (tableware.mug, ("moss", "chalk", "clay", "deep")),
    "bowl": (tableware.bowl, ("fog", "clay")),
    "plate": (tableware.plates, ("chalk",)),
    "throw": (textiles.throw, ("fog", "moss", "clay")),
    "cushion": (textiles.cushion, ("chalk", "ochre", "deep")),
    "napkins": (textiles.napkins, ("chalk", "clay", "moss")),
    "lamp": (lighting.lamp, ("chalk", "moss", "deep")),
    "candle": (scent.cup_candle, ("fog", "moss", "clay")),
    "tapers": (scent.tapers, ("honey", "chalk", "deep")),
}


def main() -> None:
    """Draw all of them, over what is there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in ONE_COLOUR.items():
        (FOLDER / f"{name}.svg").write_text(draw().svg())
    for name, (draw_in, colours) in COLOURED.items():
        for colour in colours:
            (FOLDER / f"{name}-{colour}.svg").write_text(draw_in(COLOURS[colour]).svg())


if __name__ == "__main__":
    main()

"""Turns a catalogue's pictures, and the scenes of our own pages, into what a page may show.

Beside our photographs lies pictures.json, which `make art` writes: for each name its shape, the widths that there are
of it as {name}-{width}.avif and .webp, and a blurred stand-in. {name}.jpg is for those who show it elsewhere.
"""

from __future__ import annotations

import msgspec

from shop.catalog.model import Image
from shop.i18n import content
from shop.web.render.assets import Assets
from shop.web.render.views import Picture, Source

FALLBACK = "img/fallback.svg"
MARK = "img/favicon.svg"
PRODUCTS, SCENES = "img/products", "img/scenes"
_FORMATS = ("avif", "webp")
_PLAIN_WIDTH = 720
"""Pixels, or the next more: the WebP for browsers that choose no source themselves."""
_DRAWN = 800
"""Pixels of a drawing's side; any number would do."""


class _Photograph(msgspec.Struct, frozen=True):
    width: int
    height: int
    widths: tuple[int, ...]
    blur: str = ""


_photographs = msgspec.json.Decoder(dict[str, _Photograph]).decode


def social_url(site: str, picture: Picture) -> str:
    """Where others find a picture that they can show, from the shop's address; '' for a drawing."""
    return picture.url if picture.remote else picture.jpeg and site + picture.jpeg


class Pictures:
    """Knows our own pictures and which addresses are someone else's."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._known = {
            f"{folder}/{name}.jpg": self._photograph(f"{folder}/{name}", photograph)
            for folder in (PRODUCTS, SCENES)
            if f"{folder}/pictures.json" in assets
            for name, photograph in _photographs(assets.body(f"{folder}/pictures.json")).items()
        }

    @property
    def mark(self) -> str:
        """The address of the shop's own mark."""
        return self._assets.url(MARK)

    def picture(self, image: Image | None, title: str) -> Picture:
        """A picture that is there: our own, one of another server by https, or else the fallback."""
        if image is None:
            return self._drawing(FALLBACK, title)
        alt = content(image.alt) or title
        if image.src.startswith(("https://", "http://")):
            return Picture("https://" + image.src.partition("://")[2], alt, remote=True)
        if known := self._known.get(image.src):
            return msgspec.structs.replace(known, alt=alt)
        return self._drawing(image.src if image.src in self._assets else FALLBACK, alt)

    def scene(self, name: str, alt: str) -> Picture:
        """A picture of our own pages; the fallback where there is none of that name."""
        return self.picture(Image(f"{SCENES}/{name}.jpg", alt), alt)

    def _drawing(self, name: str, alt: str) -> Picture:
        return Picture(self._assets.url(name), alt, width=_DRAWN, height=_DRAWN)

    def _photograph(self, path: str, photograph: _Photograph) -> Picture:
        def file(width: int, suffix: str) -> str:
            return self._assets.url(f"{path}-{width}.{suffix}")

        plain = next((width for width in photograph.widths if width >= _PLAIN_WIDTH), photograph.widths[-1])
        return Picture(
            url=file(plain, "webp"),
            alt="",
            width=photograph.width,
            height=photograph.height,
            sources=tuple(
                Source(f"image/{suffix}", ", ".join(f"{file(width, suffix)} {width}w" for width in photograph.widths))
                for suffix in _FORMATS
            ),
            small=file(photograph.widths[0], "webp"),
            blur=photograph.blur,
            jpeg=self._assets.url(f"{path}.jpg"),
        )

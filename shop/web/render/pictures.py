"""Maps images of the catalogue, and the scenes of the shop's own pages, to Picture views.

`make art` writes a pictures.json beside the photographs. For each name it has the size, the widths available as
{name}-{width}.avif and .webp, and a blurred placeholder. {name}.jpg is for social cards and search engines.
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
"""Pixels, or the next larger width: the WebP for browsers without <picture>, and the largest file for a card."""
_DRAWING_SIZE = 800
"""Pixels of a drawing's sides. Only the ratio matters: an SVG scales."""


class _Photograph(msgspec.Struct, frozen=True):
    width: int
    height: int
    widths: tuple[int, ...]
    blur: str = ""


_decode_photographs = msgspec.json.Decoder(dict[str, _Photograph]).decode


def social_url(site: str, picture: Picture) -> str:
    """The absolute URL of a picture for social cards and search engines; '' for a drawing, which they cannot show."""
    return picture.url if picture.remote else picture.jpeg and site + picture.jpeg


class Pictures:
    """Makes Picture views: of the shop's own files, and of images on other servers."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._photographs = {
            f"{folder}/{name}.jpg": self._photograph(f"{folder}/{name}", photograph)
            for folder in (PRODUCTS, SCENES)
            if f"{folder}/pictures.json" in assets
            for name, photograph in _decode_photographs(assets.body(f"{folder}/pictures.json")).items()
        }

    @property
    def mark(self) -> str:
        """The URL of the shop's logo mark."""
        return self._assets.url(MARK)

    def picture(self, image: Image | None, title: str) -> Picture:
        """The picture of an image: an own file, an image on another server by https, or else the fallback."""
        if image is None:
            return self._drawing(FALLBACK, title)
        alt = content(image.alt) or title
        if image.src.startswith(("https://", "http://")):
            return Picture("https://" + image.src.partition("://")[2], alt, remote=True)
        if photograph := self._photographs.get(image.src):
            return msgspec.structs.replace(photograph, alt=alt)
        return self._drawing(image.src if image.src in self._assets else FALLBACK, alt)

    def scene(self, name: str, alt: str) -> Picture:
        """A scene of the shop's own pages; the fallback if there is none of that name."""
        return self.picture(Image(f"{SCENES}/{name}.jpg", alt), alt)

    def _drawing(self, name: str, alt: str) -> Picture:
        return Picture(self._assets.url(name), alt, width=_DRAWING_SIZE, height=_DRAWING_SIZE)

    def _photograph(self, path: str, photograph: _Photograph) -> Picture:
        def file(width: int, suffix: str) -> str:
            return self._assets.url(f"{path}-{width}.{suffix}")

        def srcset(suffix: str, most: int) -> str:
            return ", ".join(f"{file(width, suffix)} {width}w" for width in photograph.widths if width <= most)

        plain = next((width for width in photograph.widths if width >= _PLAIN_WIDTH), photograph.widths[-1])
        return Picture(
            url=file(plain, "webp"),
            alt="",
            width=photograph.width,
            height=photograph.height,
            sources=tuple(
                Source(f"image/{suffix}", srcset(suffix, photograph.widths[-1]), srcset(suffix, plain))
                for suffix in _FORMATS
            ),
            small=file(photograph.widths[0], "webp"),
            large=file(photograph.widths[-1], "webp"),
            blur=photograph.blur,
            jpeg=self._assets.url(f"{path}.jpg"),
        )

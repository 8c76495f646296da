"""Turns a catalogue's pictures into addresses that a page may show."""

from __future__ import annotations

from shop.catalog.model import Image
from shop.web.assets import Assets
from shop.web.views import Picture

FALLBACK = "img/fallback.svg"


class Pictures:
    """Knows our own pictures and which addresses are someone else's."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    def picture(self, image: Image | None, title: str) -> Picture:
        """A picture that is there: our own, one of another server by https, or else the fallback."""
        if image is None:
            return Picture(self._assets.url(FALLBACK), title)
        alt = image.alt or title
        if image.src.startswith(("https://", "http://")):
            return Picture("https://" + image.src.partition("://")[2], alt, remote=True)
        name = image.src if image.src in self._assets else FALLBACK
        return Picture(self._assets.url(name), alt)

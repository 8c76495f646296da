"""What the templates of the pages of text are given; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.render.views import DeliveryView, Picture, Shell


class AboutView(msgspec.Struct, frozen=True):
    """The page about the shop."""

    shell: Shell
    scene: Picture


class HelpView(msgspec.Struct, frozen=True):
    """The page of questions and answers."""

    shell: Shell
    delivery: tuple[DeliveryView, ...]
    """What the lightest parcel costs, by part of the world."""


class OfflinePage(msgspec.Struct, frozen=True):
    """The offline page, in a language."""

    language: str
    direction: str

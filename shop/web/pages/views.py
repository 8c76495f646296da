"""View structs for the text pages; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.render.views import DeliveryView, Picture, Shell


class AboutView(msgspec.Struct, frozen=True):
    """The about page."""

    shell: Shell
    scene: Picture


class HelpView(msgspec.Struct, frozen=True):
    """The help page: questions and answers."""

    shell: Shell
    delivery: tuple[DeliveryView, ...]
    """Shipping prices of the lightest parcel, by zone."""


class OfflinePage(msgspec.Struct, frozen=True):
    """The offline page in one language."""

    language: str
    direction: str

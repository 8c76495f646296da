"""How a room names its URLs: `page` for what is read, `change` for what is changed. shop.web.routes mounts them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest

Handler = Callable[[ShopRequest], Awaitable[Reply]]


class Route(msgspec.Struct, frozen=True):
    """A URL and who answers it; `changes`: by POST, and never for another site's page."""

    path: str
    handler: Handler
    changes: bool


def page(path: str, handler: Handler) -> Route:
    """What GET and HEAD are answered with. It changes nothing."""
    return Route(path, handler, changes=False)


def change(path: str, handler: Handler) -> Route:
    """A change: always a POST, and always guarded."""
    return Route(path, handler, changes=True)

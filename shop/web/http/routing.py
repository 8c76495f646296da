"""How a room names what is read: `page`. What changes something is Litestar's `post`."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, route


def page(path: str) -> HTTPRouteHandler:
    """Litestar's `get`, for HEAD as well: a Reply leaves the body out by itself."""
    return route(path, http_method=["GET", "HEAD"])

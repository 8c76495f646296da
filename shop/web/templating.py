"""Renders templates. A template gets `view`, which is finished, and `asset(path)`; nothing else.

The layout also gets `badge_marker`, the cart's badge, which is not part of any view: it is what differs between
two visitors of a page that is kept rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from shop.web.rendered import BADGE


class Templates:
    """The templates of a folder, compiled once. A name that a view does not have is an error, not an empty string."""

    def __init__(self, folder: Path, asset: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self._environment.globals["asset"] = asset
        self._compiled: dict[str, Template] = {}

    def render(self, name: str, view: object, badge: str = BADGE) -> str:
        """The text of a page with its view; `badge` is the number of pieces on the cart's badge, '' for none."""
        marker = self._template("components/cart_badge.html").render(count=badge)
        return self._template(name).render(view=view, badge_marker=marker)

    def fragments(self, name: str, view: object) -> str:
        """The text of a reply that is not a page."""
        return self._template(name).render(view=view)

    def _template(self, name: str) -> Template:
        template = self._compiled.get(name)
        if template is None:
            template = self._compiled[name] = self._environment.get_template(name)
        return template

"""Renders templates. A template gets `view`, which is finished, and `asset(path)`; nothing else.

The layout also gets `badge_marker`, the cart's badge, which is not part of any view: it is what differs between
two visitors of a page that is kept rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from shop.web.keeping import Keep
from shop.web.rendered import BADGE

_INCLUDE = re.compile(r'\{%\s*include\s+"([^"]+)"\s*%\}')
_IMPORT = re.compile(r'\{%-?\s*from\s+"([^"]+)"\s+import\s+\w+\s*-?%\}\n?')


class InliningLoader(FileSystemLoader):
    """Compiles what a template includes and imports into it, instead of looking it up anew at each rendering.

    An included template sees the names around it either way, and a file of components holds nothing but macros,
    so nothing changes but the time it takes: two fifths less for the reply to an add.
    """

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The source of a template with those of its includes and imports in their places."""
        source, filename, uptodate = super().get_source(environment, template)

        def inlined(found: re.Match[str]) -> str:
            return self.get_source(environment, found[1])[0].removesuffix("\n")

        return _IMPORT.sub(inlined, _INCLUDE.sub(inlined, source)), filename, uptodate


class Templates:
    """The templates of a folder, compiled once. A name that a view does not have is an error, not an empty string."""

    def __init__(self, folder: Path, asset: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=InliningLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            extensions=[Keep],
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
            # A ChainMap, which Jinja copies name by name at each rendering; a dict is copied in one go.
            template.globals = dict(template.globals)
        return template

"""Renders templates. A template gets a finished `view`, `asset(path)` and the translation functions; nothing else.

`_("Only {count} left", count=3)` and `ngettext("{count} product", "{count} products", n)` are escaped like any text.
`markup("Read our <a href='/help'>help</a>.")` is for a message that holds HTML; it escapes the values filled in. The
templates are compiled once per language, with the constant messages inlined.

The layout also gets `badge_marker`, the HTML of the cart's badge. It is not part of any view, because it is all that
differs between two visitors of a cached page; see shop.web.render.page_cache.BADGE_PLACEHOLDER.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from shop.i18n import Language, gettext, ngettext, pgettext, spoken
from shop.web.render.page_cache import BADGE_PLACEHOLDER
from shop.web.render.templating.cache_tag import CacheTag
from shop.web.render.templating.inlining import InliningEnvironment


def markup(message: str, **values: object) -> Markup:
    """A translated message that holds trusted HTML; the values filled in are escaped."""
    return Markup(gettext(message)).format(**values)  # noqa: S704 - messages are ours, values are escaped


class Templates:
    """The templates of a folder, compiled once per language. A name that is not defined is an error, not ''."""

    def __init__(self, folder: Path, asset: Callable[[str], str]) -> None:
        self._folder = folder
        self._globals = {"asset": asset, "_": gettext, "ngettext": ngettext, "pgettext": pgettext, "markup": markup}
        self._environments: dict[Language, Environment] = {}
        self._compiled: dict[tuple[Language, str], Template] = {}

    def render(self, name: str, view: object, badge: str = BADGE_PLACEHOLDER) -> str:
        """The HTML of a page; `badge` is the quantity on the cart's badge, '' for none, by default the placeholder."""
        marker = self._template("components/cart_badge.html").render(count=badge)
        return self._template(name).render(view=view, badge_marker=marker)

    def fragments(self, name: str, view: object) -> str:
        """The HTML of a reply that is not a page, without a badge of its own."""
        return self._template(name).render(view=view)

    def _template(self, name: str) -> Template:
        language = spoken()
        template = self._compiled.get((language, name))
        if template is None:
            template = self._compiled[language, name] = self._environment(language).get_template(name)
            # Jinja copies the globals at each rendering: name by name from its ChainMap, but at once from a dict.
            template.globals = dict(template.globals)
        return template

    def _environment(self, language: Language) -> Environment:
        if language not in self._environments:
            environment = self._environments[language] = InliningEnvironment(
                self._folder,
                language,
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                cache_size=-1,
                extensions=[CacheTag],
            )
            environment.globals |= self._globals
        return self._environments[language]


@lru_cache(maxsize=4)
def templates_of(folder: Path, asset: Callable[[str], str]) -> Templates:
    """The templates of a folder, shared by all applications of this process."""
    return Templates(folder, asset)

"""Renders templates. A template gets `view`, which is finished, `asset(path)` and its words; nothing else.

Words are `_("Only {count} left", count=3)` and `ngettext("{count} product", "{count} products", n)`, escaped where they
are shown, and `markup("Read our <a href='/help'>help</a>.")` where the message itself holds HTML: what is filled in
is escaped. Each language has templates of its own, compiled with the words that never vary in their places.

The layout also gets `badge_marker`, the cart's badge, which is not part of any view: it is what differs between
two visitors of a page that is kept rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from shop.i18n import Language, gettext, ngettext, pgettext, spoken
from shop.web.render.cache_tag import CacheTag
from shop.web.render.inlining import InliningEnvironment
from shop.web.render.page_cache import BADGE


def markup(message: str, **values: object) -> Markup:
    """A message that holds HTML of ours; what is filled in is escaped."""
    return Markup(gettext(message)).format(**values)  # noqa: S704 - messages are ours, values are escaped


class Templates:
    """The templates of a folder, compiled once. A name that a view does not have is an error, not an empty string."""

    def __init__(self, folder: Path, asset: Callable[[str], str]) -> None:
        self._folder = folder
        self._words = {"asset": asset, "_": gettext, "ngettext": ngettext, "pgettext": pgettext, "markup": markup}
        self._environments: dict[Language, Environment] = {}
        self._compiled: dict[tuple[Language, str], Template] = {}

    def render(self, name: str, view: object, badge: str = BADGE) -> str:
        """The text of a page with its view; `badge` is the number of pieces on the cart's badge, '' for none."""
        marker = self._template("components/cart_badge.html").render(count=badge)
        return self._template(name).render(view=view, badge_marker=marker)

    def fragments(self, name: str, view: object) -> str:
        """The text of a reply that is not a page."""
        return self._template(name).render(view=view)

    def _template(self, name: str) -> Template:
        language = spoken()
        template = self._compiled.get((language, name))
        if template is None:
            template = self._compiled[language, name] = self._environment(language).get_template(name)
            # A ChainMap, which Jinja copies name by name at each rendering; a dict is copied in one go.
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
            environment.globals |= self._words
        return self._environments[language]


@lru_cache(maxsize=4)
def templates_of(folder: Path, asset: Callable[[str], str]) -> Templates:
    """The templates of a folder, compiled once for all applications of this process."""
    return Templates(folder, asset)

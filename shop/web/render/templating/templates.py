"""Renders templates. A template gets a finished `view`, `asset(path)` and the translation functions; nothing else.

`_("Only {count} left", count=3)` and `ngettext("{count} product", "{count} products", n)` are escaped like any text.
`markup("Read our <a href='/help'>help</a>.")` is for a message that holds HTML; it escapes the values filled in. The
templates are compiled once per language, with the constant messages inlined.

The layout also gets `badge_marker`, the HTML of the cart's badge. It is not part of any view, because it is all that
differs between two visitors of a cached page; see shop.web.render.page_cache.BADGE_PLACEHOLDER.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from shop.i18n import Language, gettext, ngettext, pgettext, spoken
from shop.web.render.page_cache import BADGE_PLACEHOLDER
from shop.web.render.templating.cache_tag import CacheTag
from shop.web.render.templating.inlining import InliningEnvironment
from shop.web.render.views import Shell


def markup(message: str, **values: object) -> Markup:
    """A translated message that holds trusted HTML; the values filled in are escaped."""
    return Markup(gettext(message)).format(**values)  # noqa: S704 - messages are ours, values are escaped


MAX_SURROUNDINGS = 256
"""Of what is around the main blocks of pages: one for each language, currency and version of the categories."""
_MAIN = f"main-{secrets.token_hex(16)}"
"""Stands for the block `main` in what is around it."""


class WithShell(Protocol):
    """The view of a page."""

    @property
    def shell(self) -> Shell:
        """What is around its main block."""


class Templates:
    """The templates of a folder, compiled once per language. A name that is not defined is an error, not ''."""

    def __init__(self, folder: Path, asset: Callable[[str], str]) -> None:
        self._folder = folder
        self._globals = {"asset": asset, "_": gettext, "ngettext": ngettext, "pgettext": pgettext, "markup": markup}
        self._environments: dict[Language, Environment] = {}
        self._compiled: dict[tuple[Language, str], Template] = {}
        self._surroundings: dict[tuple[Language, str, Shell], tuple[str, str]] = {}

    def render(self, name: str, view: object, badge: str = BADGE_PLACEHOLDER) -> str:
        """The HTML of a page; `badge` is the quantity on the cart's badge, '' for none, by default the placeholder."""
        marker = self._template("components/cart_badge.html").render(count=badge)
        return self._template(name).render(view=view, badge_marker=marker)

    def personal(self, name: str, view: WithShell, badge: str) -> str:
        """The HTML of a page of one shopper, of which only the block `main` and the badge may depend on them.

        What is around the block depends on the shell alone, and is kept.
        """
        template = self._template(name)
        before, after = self._around_main(name, template, view)
        marker = self._template("components/cart_badge.html").render(count=badge)
        try:
            main = [*template.blocks["main"](template.new_context({"view": view}))]
        except Exception:  # as Template.render does
            template.environment.handle_exception()
        return "".join((before.replace(BADGE_PLACEHOLDER, marker, 1), *main, after))

    def _around_main(self, name: str, template: Template, view: WithShell) -> tuple[str, str]:
        key = (spoken(), name, view.shell)
        if key not in self._surroundings:
            if len(self._surroundings) >= MAX_SURROUNDINGS:
                self._surroundings.clear()
            context = template.new_context({"view": view, "badge_marker": BADGE_PLACEHOLDER})
            context.blocks["main"] = [lambda _: iter((_MAIN,))]
            before, _, after = "".join(template.root_render_func(context)).partition(_MAIN)
            self._surroundings[key] = before, after
        return self._surroundings[key]

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

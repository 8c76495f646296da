"""`{% cache view %}…{% endcache %}`: renders a part of a template once per view and caches the result.

A view is a frozen struct of finished texts, so equal views render alike: the view itself is the key, and nothing ever
needs to be invalidated. The part between the tags may depend on nothing but the view (or a tuple of views), `asset`
and constants.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.nodes import CallBlock, Const, Node
from jinja2.parser import Parser

MAX_FRAGMENTS = 8192
"""Fragments in the cache; the oldest is evicted first."""


class CacheTag(Extension):
    """The `cache` tag of templates, an extension of Jinja. Each environment has a cache of its own."""

    tags = {"cache"}  # noqa: RUF012 - Jinja's own declaration

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.fragments: dict[tuple[str, Hashable], str] = {}

    def parse(self, parser: Parser) -> Node:
        """The tag's node: a call block of `cached`, with the position in the template and the view as arguments."""
        line = next(parser.stream).lineno
        view = parser.parse_expression()
        body = parser.parse_statements(("name:endcache",), drop_needle=True)
        place = Const(f"{parser.name}:{line}")
        return CallBlock(self.call_method("cached", [place, view]), [], [], body).set_lineno(line)

    def cached(self, place: str, view: Hashable, caller: Callable[[], str]) -> str:
        """The fragment for a view at a position in the templates; rendered by `caller` on a miss."""
        key = (place, view)
        fragment = self.fragments.get(key)
        if fragment is None:
            if len(self.fragments) >= MAX_FRAGMENTS:
                del self.fragments[next(iter(self.fragments))]
            fragment = self.fragments[key] = caller()
        return fragment

"""`{% cache view %}…{% endcache %}`: what a template shows of a view is rendered once and kept.

A view is a frozen struct of finished words, so two that are equal look the same: the view itself is the key, and
nothing ever needs to be thrown away because it is out of date. What stands between the tags may depend on
nothing but the view (several are given as a tuple), `asset` and constants.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.nodes import CallBlock, Const, Node
from jinja2.parser import Parser

MOST = 8192
"""Pieces that are kept; the oldest goes first."""


class CacheTag(Extension):
    """The `cache` tag of templates."""

    tags = {"cache"}  # noqa: RUF012 - Jinja's own declaration

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.pieces: dict[tuple[str, Hashable], str] = {}

    def parse(self, parser: Parser) -> Node:
        """The tag's node: a call of `kept` with the view, and what stands between the tags as its caller."""
        line = next(parser.stream).lineno
        view = parser.parse_expression()
        body = parser.parse_statements(("name:endcache",), drop_needle=True)
        place = Const(f"{parser.name}:{line}")
        return CallBlock(self.call_method("kept", [place, view]), [], [], body).set_lineno(line)

    def kept(self, place: str, view: Hashable, caller: Callable[[], str]) -> str:
        """What was rendered of this view in this place."""
        key = (place, view)
        piece = self.pieces.get(key)
        if piece is None:
            if len(self.pieces) >= MOST:
                del self.pieces[next(iter(self.pieces))]
            piece = self.pieces[key] = caller()
        return piece

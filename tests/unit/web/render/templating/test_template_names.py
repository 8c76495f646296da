"""Includes and imports are inlined, so names set in one remain set in the next: each name must have one meaning."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, nodes

from shop.resources import resource_dir
from shop.web.render.templating.cache_tag import CacheTag

GIVEN = dict.fromkeys(("view", "asset", "badge_marker", "_", "ngettext", "pgettext", "markup"), "given by Templates")
SCOPES = (nodes.For, nodes.With, nodes.Block, nodes.CallBlock, nodes.FilterBlock, nodes.Macro)


class Names:
    """The meaning of each name in a template, followed through its includes and imports in the order of inlining."""

    def __init__(self, folder: Path) -> None:
        self._jinja = Environment(loader=FileSystemLoader(folder), extensions=[CacheTag], autoescape=True)
        self._folder = folder

    def conflicts(self, template: str) -> list[str]:
        """Names that are set to something else while they still have a meaning."""
        return list(self._read(template, ChainMap(dict(GIVEN))))

    def _read(self, template: str, scope: ChainMap[str, str]) -> Iterator[str]:
        for node in self._jinja.parse((self._folder / template).read_text()).body:
            yield from self._walk(node, template, scope)

    def _walk(self, node: nodes.Node, file: str, scope: ChainMap[str, str]) -> Iterator[str]:
        for name, meaning in self._set_by(node, file):
            if scope.get(name, meaning) != meaning:
                yield f"{file}:{node.lineno}: {name} is {meaning}, but was {scope[name]}"
            scope[name] = meaning
        if isinstance(node, nodes.Include | nodes.FromImport):
            assert isinstance(node.template, nodes.Const)
            inner = scope if isinstance(node, nodes.Include) or len(node.names) == 1 else ChainMap(dict(GIVEN))
            yield from self._read(node.template.value, inner)
        if isinstance(node, SCOPES):
            scope = scope.new_child(dict.fromkeys(self._bound_within(node), f"bound in {file}:{node.lineno}"))
        for child in node.iter_child_nodes():
            yield from self._walk(child, file, scope)

    def _set_by(self, node: nodes.Node, file: str) -> Iterator[tuple[str, str]]:
        """The names set after this node, and their meanings."""
        if isinstance(node, nodes.Assign | nodes.AssignBlock):
            meaning = repr(node.node if isinstance(node, nodes.Assign) else node.body)
            yield from ((name.name, meaning) for name in self._targets(node.target))
        elif isinstance(node, nodes.Macro):
            yield node.name, f"{file}'s {node.name}"
        elif isinstance(node, nodes.FromImport):
            assert isinstance(node.template, nodes.Const)
            for name in node.names:
                original, alias = (name, name) if isinstance(name, str) else name
                yield alias, self._meaning(node.template.value, original)

    def _meaning(self, template: str, name: str) -> str:
        """The meaning of a name that a file of components exports."""
        for node in self._jinja.parse((self._folder / template).read_text()).body:
            for offered, meaning in self._set_by(node, template):
                if offered == name:
                    return meaning
        raise AssertionError(f"{template} offers no {name}")

    def _bound_within(self, node: nodes.Node) -> Iterator[str]:
        targets = [*getattr(node, "targets", ()), *getattr(node, "args", ())]
        targets += [node.target] if isinstance(node, nodes.For) else []
        return (name.name for target in targets if isinstance(target, nodes.Node) for name in self._targets(target))

    def _targets(self, target: nodes.Node) -> list[nodes.Name]:
        return [target] if isinstance(target, nodes.Name) else list(target.find_all(nodes.Name))


def templates() -> list[str]:
    folder = resource_dir("templates")
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.*"))


def test_no_name_set_by_an_include_has_two_meanings() -> None:
    names = Names(resource_dir("templates"))
    assert len(templates()) > 80
    assert [conflict for template in templates() for conflict in names.conflicts(template)] == []


@pytest.mark.parametrize(
    ("page", "part", "conflict"),
    [
        ('{% include "_part.html" %}{% include "_same.html" %}', "{% set cart = view.cart %}", ""),
        ('{% include "_part.html" %}{% include "_same.html" %}', "{% set cart = view %}", "_same.html:1: cart"),
        (
            '{% set wide = 1 %}{% if view %}{% include "_part.html" %}{% endif %}',
            "{% set wide = 2 %}",
            "_part.html:1: wide",
        ),
        (
            '{% for line in view %}{% include "_part.html" %}{% endfor %}',
            '{% from "_macros.html" import line %}',
            "line",
        ),
        (
            '{% from "_macros.html" import line %}{% include "_part.html" %}',
            '{% from "_macros.html" import line %}',
            "",
        ),
        ('{% from "_macros.html" import line %}{% include "_part.html" %}', "{% macro line() %}{% endmacro %}", "line"),
        ('{% from "_macros.html" import line %}{% include "_part.html" %}', "{% set act = 5 %}", "_part.html:1: act"),
        ('{% from "_macros.html" import line, act %}{% include "_part.html" %}', "{% set secret = 5 %}", ""),
        ('{% set line = 1 %}{% include "_part.html" %}', "{% for line in view %}{{ line }}{% endfor %}", ""),
        ('{% include "_part.html" %}', "{% set view = view.cart %}", "_part.html:1: view"),
    ],
)
def test_a_name_with_two_meanings_is_found(tmp_path: Path, page: str, part: str, conflict: str) -> None:
    macros = "{% macro act() %}{% endmacro %}{% set secret = 1 %}{% macro line(act) %}{{ act }}{% endmacro %}"
    texts = {"page.html": page, "_part.html": part, "_same.html": "{% set cart = view.cart %}", "_macros.html": macros}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = Names(tmp_path).conflicts("page.html")
    assert [conflict in line for line in found] == ([True] if conflict else []), found

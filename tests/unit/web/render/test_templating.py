"""What is compiled into a template renders as what is looked up."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, UndefinedError

from shop.web.render.templating import Templates

FILES = {
    "page.html": '{% from "_macros.html" import bold %}<p>{% include "_part.html" %}</p>\n{{ bold(view.name) }}',
    "_part.html": '{% for item in view.items %}{% include "_item.html" %}{% endfor %}\n',
    "_item.html": '{%- from "_macros.html" import bold -%}[{{ bold(item) }} of {{ asset("x.css") }}]\n',
    "_macros.html": "{#- Bold. -#}\n{% macro bold(words) -%}<b>{{ words }}</b>{%- endmacro %}\n",
    "components/cart_badge.html": "<i>{{ count }}</i>",
}


class View:
    name = "<N>"
    items = ("a", "&")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "components").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_inlined_templates_render_as_included_ones(folder: Path) -> None:
    plain = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    plain.globals["asset"] = str.upper
    expected = plain.get_template("page.html").render(view=View())

    assert Templates(folder, str.upper).fragments("page.html", View()) == expected
    assert expected.split() == ["<p>[<b>a</b>", "of", "X.CSS][<b>&amp;</b>", "of", "X.CSS]</p>", "<b>&lt;N&gt;</b>"]


def test_a_page_gets_the_badge(folder: Path) -> None:
    (folder / "badge.html").write_text("{{ badge_marker|safe }}")
    assert Templates(folder, str.upper).render("badge.html", View(), "3") == "<i>3</i>"


def test_a_name_that_a_view_does_not_have_is_an_error(folder: Path) -> None:
    (folder / "wrong.html").write_text("{{ view.nothing }}")
    with pytest.raises(UndefinedError, match="nothing"):
        Templates(folder, str.upper).fragments("wrong.html", View())

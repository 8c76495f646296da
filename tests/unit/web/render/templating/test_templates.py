"""Inlined templates render like included ones, and their errors name the original lines."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, TemplateSyntaxError, UndefinedError

from shop.web.render.templating.templates import Templates

FILES = {
    "page.html": '{% from "_macros.html" import bold %}<p>{% include "_part.html" %}</p>\n{{ bold(view.name) }}',
    "_part.html": '{% for item in view.items %}{% include "_item.html" %}{% endfor %}\n',
    "_item.html": '{%- from "_macros.html" import bold -%}[{{ bold(item) }} of {{ asset("x.css") }}]\n',
    "_macros.html": "{#- Bold. -#}\n{% macro bold(text) -%}<b>{{ text }}</b>{%- endmacro %}\n",
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


def test_an_undefined_name_is_an_error(folder: Path) -> None:
    (folder / "wrong.html").write_text("{{ view.nothing }}")
    with pytest.raises(UndefinedError, match="nothing"):
        Templates(folder, str.upper).fragments("wrong.html", View())


def places(folder: Path, error: BaseException) -> list[tuple[str, int | None]]:
    """The template files and lines in a traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        (str(Path(frame.filename).relative_to(folder)), frame.lineno)
        for frame in frames
        if Path(frame.filename).is_relative_to(folder)
    ]


PARTS = {
    "base.html": "{# Base. #}\n<main>{% block main %}{% endblock %}</main>\n{{ view.base }}\n",
    "wrong.html": """{%- extends "base.html" -%}
{% block main %}
<p>{% include "_first.html" %}</p>{{ view.page }}
{% for item in view.items %}{% include "_first.html" %}{{ view.loop }}{% endfor %}
{% endblock %}
""",
    "_first.html": """{#- A comment
of two lines. -#}
{%- from "_macros.html" import bold -%}
<b>
  {{ bold(
       view.first) }}</b>{% if view.told %}{% include "_second.html" %}{% endif %}{{ view.after }}
""",
    "_second.html": "{{ _('Cart') }}{{ view.second }}",
    "_macros.html": "\n\n{% macro bold(text) -%}\n\n<b>{{ text.bold }}</b>{%- endmacro %}\n",
}


class Some:
    """A view with some of the names used above."""

    items = ("a",)

    def __init__(self, *names: str) -> None:
        for name in names:
            setattr(self, name, self)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("first", [("wrong.html", 1), ("base.html", 2), ("_first.html", 5), ("_macros.html", 5)]),
        ("first bold", [("wrong.html", 1), ("base.html", 2), ("_first.html", 6)]),
        ("first bold told", [("wrong.html", 1), ("base.html", 2), ("_second.html", 1)]),
        ("first bold told second", [("wrong.html", 1), ("base.html", 2), ("_first.html", 6)]),
        ("first bold told second after", [("wrong.html", 1), ("base.html", 2), ("wrong.html", 3)]),
        ("first bold told second after page", [("wrong.html", 1), ("base.html", 2), ("wrong.html", 4)]),
        ("first bold told second after page loop", [("wrong.html", 1), ("base.html", 3)]),
    ],
)
def test_an_error_names_the_original_file_and_line(folder: Path, names: str, expected: list[tuple[str, int]]) -> None:
    for name, text in PARTS.items():
        (folder / name).write_text(text)
    with pytest.raises(UndefinedError) as caught:
        Templates(folder, str.upper).fragments("wrong.html", Some(*names.split()))
    assert places(folder, caught.value) == expected


def test_a_syntax_error_names_the_original_file_and_line(folder: Path) -> None:
    (folder / "_item.html").write_text("<i>\n\n{{ item }\n</i>\n")
    with pytest.raises(TemplateSyntaxError) as caught:
        Templates(folder, str.upper).fragments("page.html", View())
    assert (caught.value.filename, caught.value.lineno) == (str(folder / "_item.html"), 3)
    assert places(folder, caught.value) == [("_item.html", 3)]

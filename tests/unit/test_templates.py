"""Every template has no inline code that the content security policy would block, and begins with a description.

E-mails and the report of a load test are not pages of the shop and have no policy. Mail programs drop every style that
is not inline, and the report is a self-contained file.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shop.resources import resource_dir

FOLDER = resource_dir("templates")
TEMPLATES = sorted(FOLDER.rglob("*.html"))
NO_PAGES = ("mail", "loadtest")
WORDS_ONLY = {"pages/_about.html", "pages/_help.html"}

INLINE_STYLE = re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE)
INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/ld\+json)|javascript:|\son[a-z]+\s*=\s*[\"']", re.IGNORECASE
)
NEEDS_EVAL = re.compile(r"hx-on|\bjs:|hx-trigger=\"[^\"]*\[")


def named(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_nothing_is_inline_and_nothing_needs_eval(path: Path) -> None:
    text = path.read_text()
    of_a_page = (INLINE_STYLE,) if path.parent.name not in NO_PAGES else ()
    for forbidden in (*of_a_page, INLINE_SCRIPT, NEEDS_EVAL):
        assert forbidden.search(text) is None


@pytest.mark.parametrize("path", [path for path in TEMPLATES if named(path) not in WORDS_ONLY], ids=named)
def test_a_template_opens_with_what_it_is(path: Path) -> None:
    assert re.match(r"\{#-? [A-Z]", path.read_text())


def test_the_patterns_find_what_they_forbid() -> None:
    assert INLINE_STYLE.search('<p style="color: red">')
    assert INLINE_SCRIPT.search("<script>alert(1)</script>")
    assert INLINE_SCRIPT.search('<a onclick="x()">')
    assert NEEDS_EVAL.search('data-hx-trigger="click[ctrlKey]"')

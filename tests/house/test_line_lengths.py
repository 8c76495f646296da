"""A line of CSS, JavaScript or a template fits beside its older self in a diff. (ruff measures the Python.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = {"static/css/**/*.css": 120, "static/js/**/*.js": 120, "templates/**/*.*": 200}
"""Characters of a line, by the files that it stands in."""
MESSAGE = re.compile(r'\b(_|markup)\("[^"]*"')
"""A sentence for translators: they see it whole, so it cannot be broken and does not count."""


def too_long(root: Path, pattern: str, longest: int) -> Iterator[str]:
    """Each line that is too long, as `file:line: characters`."""
    for file in sorted(path for path in root.glob(pattern) if path.is_file()):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if (length := len(MESSAGE.sub(r"\1()", line))) > longest:
                yield f"{file.relative_to(root)}:{number}: {length} characters"


@pytest.mark.parametrize("pattern", LONGEST)
def test_no_line_is_too_long(pattern: str) -> None:
    assert list(ROOT.glob(pattern))
    assert list(too_long(ROOT, pattern, LONGEST[pattern])) == []


def test_a_line_that_is_too_long_is_named_and_a_long_message_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(f'<p>{{{{ _("{"word " * 50}") }}}}</p>\n{"x" * 201}\n')
    assert list(too_long(tmp_path, "*.html", 200)) == ["page.html:2: 201 characters"]

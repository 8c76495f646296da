#!/usr/bin/env python3
"""Check the relative links and anchors in a repository's Markdown files, without network access.

The repository is this one, or the folder in the first argument. Prints a line `file:line: problem` for each broken
link, and then exits with 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(sys.argv[1] if sys.argv[1:] else __file__ + "/../..").resolve()
LINK = re.compile(r"""!?\[[^\]]*\]\(<?([^()\s>]+)>?(?:\s+["'][^)]*)?\)|<(?:img|a)\s[^>]*?(?:src|href)="([^"]+)""")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")


def markdown() -> list[Path]:
    """The Markdown files that are tracked, or untracked and not ignored."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [path for name in names if (path := ROOT / name).is_file()]


@lru_cache
def prose(path: Path) -> tuple[tuple[int, str], ...]:
    """The numbered lines of a file outside its code blocks."""
    lines, fenced = [], False
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        fence = line.lstrip().startswith(("```", "~~~"))
        fenced ^= fence
        if not fenced and not fence:
            lines.append((number, line))
    return tuple(lines)


@lru_cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors of a file's headings as GitHub makes them: lower case, no punctuation, hyphens for spaces."""
    slugs: list[str] = []
    for _, line in prose(path):
        if heading := HEADING.match(line):
            slug = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            seen = sum(re.fullmatch(rf"{re.escape(slug)}(-\d+)?", other) is not None for other in slugs)
            slugs.append(f"{slug}-{seen}" if seen else slug)
    return frozenset(slugs)


def broken(path: Path) -> Iterator[str]:
    """The broken links of one file, as lines of text."""
    for number, line in prose(path):
        for match in LINK.finditer(re.sub(r"`[^`]*`", "``", line)):
            link = match[1] or match[2]
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / unquote(file)).resolve() if file else path
            where = f"{path.relative_to(ROOT)}:{number}"
            if not target.is_relative_to(ROOT) or not target.exists():
                yield f"{where}: {link} does not exist"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                yield f"{where}: {link} names a heading that does not exist"


def main() -> int:
    """Check every file; returns 1 if a link is broken."""
    files = markdown()
    problems = [problem for path in files for problem in broken(path)]
    print("\n".join(problems) or f"All links in {len(files)} documents work.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

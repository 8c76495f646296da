"""The words of a catalogue's HTML, and its parts."""

from __future__ import annotations

import re
from html import unescape

MOST_LEAD = 420
"""Characters of a paragraph that is read before one chooses; a longer description stands below."""

_TAG = re.compile(r"<[^>]*>")
_OPEN_END = re.compile(r"(?<=[^\s.:!?…>])\s*</(?:li|h[1-6])>")
"""Of a line of a list: read in a row, its words need a full stop."""
_OURS = re.compile(r"\s*(<p>(?:(?!</?p\b).)*</p>)\s*(<ul>.*</ul>)\s*", re.DOTALL)


def plain_text(html: str, length: int = 160) -> str:
    """The words of some HTML, cut off between two of them: for a page's description."""
    words = unescape(_TAG.sub(" ", _OPEN_END.sub(". ", html))).split()
    text = " ".join(words)
    return text if len(text) <= length else text[: length - 1].rpartition(" ")[0] + "…"


def lead_and_facts(description: str) -> tuple[str, str]:
    """A description's first paragraph and its list, where it is a short paragraph and a list; else '' and all of it."""
    found = _OURS.fullmatch(description)
    return (found[1], found[2]) if found and len(found[1]) <= MOST_LEAD else ("", description)

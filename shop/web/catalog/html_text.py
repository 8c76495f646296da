"""Plain text and parts of the HTML descriptions of a catalogue."""

from __future__ import annotations

import re
from html import unescape

MAX_LEAD = 420
"""Characters of a first paragraph that is shown above the options; a longer one is shown below, with the rest."""

_TAG = re.compile(r"<[^>]*>")
_OPEN_END = re.compile(r"(?<=[^\s.:!?…>])\s*</(?:li|h[1-6])>")
"""The end of a list item or heading without punctuation: as running text it needs a full stop."""
_OURS = re.compile(r"\s*(<p>(?:(?!</?p\b).)*</p>)\s*(<ul>.*</ul>)\s*", re.DOTALL)


def plain_text(html: str, length: int = 160) -> str:
    """The text of some HTML, truncated between words to `length` characters: for a meta description."""
    words = unescape(_TAG.sub(" ", _OPEN_END.sub(". ", html))).split()
    text = " ".join(words)
    return text if len(text) <= length else text[: length - 1].rpartition(" ")[0] + "…"


def lead_and_facts(description: str) -> tuple[str, str]:
    """The lead and the list of a description that is a short paragraph and a list; '' and all of it for any other."""
    found = _OURS.fullmatch(description)
    return (found[1], found[2]) if found and len(found[1]) <= MAX_LEAD else ("", description)

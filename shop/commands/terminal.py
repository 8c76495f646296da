"""What others wrote, as it may stand on an operator's terminal."""

from __future__ import annotations

import re

_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What terminals obey, and what turns the direction of text around. Tabs and line feeds are harmless."""


def harmless(text: str) -> str:
    """A text with a mark in place of each sign that could clear the screen, retitle it or hide what stands there."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)

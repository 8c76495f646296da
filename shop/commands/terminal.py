"""Makes text from shoppers and other programs safe to print on an operator's terminal."""

from __future__ import annotations

import getpass
import os
import re

_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters that terminals obey, and those that reverse the direction of text. Tab and line feed are safe."""


def harmless(text: str) -> str:
    """Replace every control character by U+FFFD: it could clear the screen, retitle the terminal or hide text."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def user() -> str:
    """Who runs the command, for the history of orders and of stock."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"

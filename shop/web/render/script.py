"""Bundles a folder of JavaScript modules: one module, in the order of their names, without imports and comments.

They share one scope then, so a name stands for one thing in all of them. What runs while a module is loaded needs only
modules before it; functions may call anything.
"""

from __future__ import annotations

import re
from pathlib import Path

from rjsmin import jsmin

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./[^"]+";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async |function |const |let )", re.MULTILINE)


def bundle(folder: Path) -> bytes:
    """The modules of a folder as one, in the order of their names."""
    return join("".join(file.read_text("utf-8") for file in sorted(folder.glob("*.js")))).encode()


def join(modules: str) -> str:
    """The text of several modules as that of one, minified."""
    return str(jsmin(_EXPORT.sub("", _IMPORT.sub("", modules))))

"""Bundles a folder of style sheets: concatenated by file name and minified.

A custom property that is a light-dark() gets its two values once more for browsers of before 2024, which lack the
function: without them, they would show no colour at all.
"""

from __future__ import annotations

import re
from pathlib import Path

_STRING_OR_SPACE = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?:/\*.*?\*/|\s)+""", re.DOTALL)
_NEEDLESS = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?: ?;)? ?(\}) ?| ?([{;,]) ?|(:) """)


_VALUE = r"((?:[^(),]|\([^()]*\))+)"
_COLOUR = re.compile(rf"(--[\w-]+):light-dark\({_VALUE},{_VALUE}\)")


def bundle(folder: Path) -> bytes:
    """The style sheets of a folder as one minified file, in the order of their names."""
    css = minify("".join(file.read_text("utf-8") for file in sorted(folder.glob("*.css"))))
    return (css + older_colours(css)).encode()


def older_colours(css: str) -> str:
    """The colours of minified rules for browsers without light-dark(), in no layer; '' if there are none."""
    colours = _COLOUR.findall(css)
    if not colours:
        return ""
    light = ";".join(f"{name}:{value}" for name, value, _dark in colours)
    dark = ";".join(f"{name}:{value}" for name, _light, value in colours)
    rules = f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f"@supports not (color:light-dark(red,red)){{{rules}}}"


def minify(css: str) -> str:
    """The same rules without comments and redundant white space. Strings and significant spaces are unchanged."""
    spaced = _STRING_OR_SPACE.sub(lambda found: found[1] or " ", css)
    return _NEEDLESS.sub(lambda found: next(filter(None, found.groups())), spaced).strip()

"""Compiles what a template includes and imports into it, and keeps where each line came from.

Includes and imports are pasted into one source, so code of several files may share a line. Each tag therefore begins a
line of its own: a line break inside the tag, which prints nothing. The loader keeps the file and the line behind every
line of the source, and tracebacks name those.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn

from jinja2 import Environment, FileSystemLoader, TemplateSyntaxError
from jinja2.debug import fake_traceback
from markupsafe import escape

from shop.i18n import Language, gettext, speaking

_TAG = re.compile(
    r'\{%\s*include\s+"(?P<include>[^"]+)"\s*%\}'
    r'|\{%-?\s*from\s+"(?P<module>[^"]+)"\s+import\s+\w+\s*-?%\}\n?'
    r'|\{\{ _\("(?P<words>[^"{}]+)"\) \}\}'
    r"|\{[{%#][-+]?"
)
"""What is pasted, words that never vary, and the beginning of any other tag."""
_MARK = re.compile("\0([^\0]+):([0-9]+)\0")
"""The place of a tag, written after its beginning until all files are in one source."""


class Place(NamedTuple):
    """A line of a template's file, counted from 1."""

    file: str
    line: int


class InliningLoader(FileSystemLoader):
    """Compiles what a template includes and imports into it, instead of looking it up at each rendering.

    Words that never vary are compiled in, too, in one language.

    An included template sees the names around it either way, and a file of components holds nothing but macros,
    so nothing changes but the time it takes: two fifths less for the reply to an add. The names that an included
    template sets do remain afterwards; a test finds a name that would mean two things.
    """

    def __init__(self, folder: Path, language: Language) -> None:
        super().__init__(folder)
        self._language = language
        self.places: dict[str, list[Place]] = {}
        """By the file of a template: where each line of its source came from."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The source of a template with those of its includes and imports in their places."""
        _, filename, uptodate = super().get_source(environment, template)
        with speaking(self._language):
            marked = self._joined(environment, template)
        start, *rest = _MARK.split(marked)
        texts = [start, *rest[2::3]]
        begins = [Place(filename, 1), *map(Place, rest[::3], map(int, rest[1::3]))]
        self.places[filename] = [
            Place(file, line + further)
            for (file, line), text in zip(begins, texts, strict=True)
            for further in range(text.count("\n") + 1)
        ]
        return "\n".join(texts), filename, uptodate

    def _joined(self, environment: Environment, template: str) -> str:
        """All the files of a template in one text, with the place of each tag in it."""
        source, filename, _ = super().get_source(environment, template)

        def written(tag: re.Match[str]) -> str:
            if pasted := tag["include"] or tag["module"]:
                return self._joined(environment, pasted).removesuffix("\n")
            if constant := tag["words"]:
                return str(escape(gettext(constant)))
            line = source.count("\n", 0, tag.start()) + 1
            return f"{tag[0]}\0{filename}:{line}\0"

        return _TAG.sub(written, source)


class InliningEnvironment(Environment):
    """An environment whose errors name the file and the line that were written, not those of the joined source."""

    def __init__(self, folder: Path, language: Language, **options: Any) -> None:
        loader = InliningLoader(folder, language)
        super().__init__(loader=loader, **options)
        self._places = loader.places

    def handle_exception(self, source: str | None = None) -> NoReturn:
        """Raise the exception that is being handled, with places of templates in its traceback."""
        error = sys.exc_info()[1]
        if isinstance(error, TemplateSyntaxError) and not error.translated and error.filename in self._places:
            error.filename, error.lineno = self._place(error.filename, error.lineno)
        elif error is not None:
            error.__traceback__ = self._placed(error, error.__traceback__)
        super().handle_exception(source)

    def _placed(self, error: BaseException, frame: TracebackType | None) -> TracebackType | None:
        """A traceback whose frames of templates name their places."""
        if frame is None:
            return None
        following = self._placed(error, frame.tb_next)
        template = frame.tb_frame.f_globals.get("__jinja_template__")
        if template is not None and template.filename in self._places:
            line = template.get_corresponding_lineno(frame.tb_lineno)
            frame = fake_traceback(error, frame, *self._place(template.filename, line))
        frame.tb_next = following
        return frame

    def _place(self, file: str, line: int) -> Place:
        places = self._places[file]
        return places[min(line, len(places)) - 1]

"""The shop's words in the reader's language: gettext, with the language of the request (or of the letter) around it.

A message is its English text. `_("Only {count} left", count=3)` is translated first and filled in then; what is filled
in is never part of the message. Catalogues are GNU gettext's PO files, read by Babel when the process starts:
shop/locale/{language}/LC_MESSAGES/messages.po has the words of the shop, catalog.po those of the demo catalogue.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "de", "ar")
"""The languages there are; the first is that of the messages themselves."""
_FOLDER = Path(__file__).with_name("locale")


class Language:
    """A language that the shop speaks; `code` is BCP 47, 'de'."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self.name = (self.locale.get_display_name(code) or code).capitalize()
        """As those who speak it call it: 'Deutsch'."""
        self.direction = "rtl" if self.locale.text_direction == "rtl" else "ltr"
        self.messages = _translations(code, "messages")
        self.catalog = _translations(code, "catalog")


@lru_cache
def language_of(code: str) -> Language:
    """The language of a code of LANGUAGES, read once; of the first one for any other."""
    return Language(code if code in LANGUAGES else LANGUAGES[0])


_spoken: ContextVar[Language] = ContextVar("language")


def spoken() -> Language:
    """The language that is spoken here: that of the request, and English where there is none."""
    return _spoken.get(None) or language_of(LANGUAGES[0])


def speak(code: str) -> None:
    """Speak a language from here on, in this task."""
    _spoken.set(language_of(code))


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Speak a language within the block."""
    token = _spoken.set(language_of(code))
    try:
        yield spoken()
    finally:
        _spoken.reset(token)


def gettext(message: str, **values: object) -> str:
    """A message in the language that is spoken, its {names} filled in. Imported as `_`."""
    text = spoken().messages.gettext(message)
    return text.format(**values) if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """A message for a number of things; {count} is filled in by itself."""
    return spoken().messages.ngettext(one, many, count).format(count=count, **values)


def pgettext(context: str, message: str, **values: object) -> str:
    """A message whose English word means several things; `context` says which."""
    text = spoken().messages.pgettext(context, message)
    return text.format(**values) if values else text


def content(text: str) -> str:
    """A text of the catalogue (a description, an option, a category) in the language spoken, where it is translated."""
    return spoken().catalog.gettext(text) if text else text


def _translations(code: str, domain: str) -> NullTranslations:
    file = _FOLDER / code / "LC_MESSAGES" / f"{domain}.po"
    if not file.is_file():
        return NullTranslations()
    with file.open("rb") as source:
        catalogue = read_po(source, locale=code, domain=domain)
    packed = io.BytesIO()
    write_mo(packed, catalogue)
    packed.seek(0)
    return GNUTranslations(packed)

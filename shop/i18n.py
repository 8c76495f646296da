"""The shop's words in the reader's language: gettext, with the language of the request (or of the letter) around it.

A message is its English text. `_("Only {count} left", count=3)` is translated first and filled in then; what is filled
in is never part of the message. Within words that run from right to left each text that is filled in stands between
marks that isolate it (UAX #9), so that a title or a number neither turns them around nor is turned.

Pure: who reads the catalogues of translations is shop.languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations

from babel import Locale
from babel.numbers import format_decimal


class Language:
    """A language that the shop speaks.

    `messages` translate the words of the shop, `catalog` those of the demo catalogue; both from English.
    """

    __slots__ = ("catalog", "cldr", "code", "direction", "locale", "messages", "name")

    def __init__(
        self, code: str, messages: NullTranslations | None = None, catalog: NullTranslations | None = None
    ) -> None:
        self.code = code
        """BCP 47: 'de', 'pt-BR'."""
        self.locale = Locale.parse(code, sep="-")
        self.cldr = str(self.locale)
        """As CLDR spells it: 'pt_BR'."""
        self.name = (self.locale.get_display_name() or code).capitalize()
        """As those who speak it call it: 'Deutsch'."""
        self.direction = "rtl" if self.locale.text_direction == "rtl" else "ltr"
        self.messages = messages or NullTranslations()
        self.catalog = catalog or NullTranslations()

    def __repr__(self) -> str:
        return f"Language({self.code})"


FSI, PDI = "\u2068", "\u2069"
"""Between them text runs as its first strong letter does, whatever is around (UAX #9)."""
ENGLISH = Language("en")
"""The language of the messages themselves."""

SEARCHED = "search"
"""The context of words in the catalogue that are for the search alone."""

_TEXT = re.compile(r"(?:(?<=>)|^)(?=[^<>]*\w)[^<>]+(?=<|$)")
_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def spoken() -> Language:
    """The language that is spoken here: that of the request, and English where there is none."""
    return _spoken.get()


def speak(language: Language) -> None:
    """Speak a language from here on, in this task."""
    _spoken.set(language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak a language within the block."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def gettext(message: str, **values: object) -> str:
    """A message in the language that is spoken, its {names} filled in. Imported as `_`."""
    language = _spoken.get()
    text = language.messages.gettext(message) if message else ""  # a catalogue says of '' who translated it
    return text.format_map(_isolated(values, language)) if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """A message for a number of things; {count} is filled in by itself: '1,204 products'."""
    language = _spoken.get()
    number = count if -1000 < count < 1000 else format_decimal(count, locale=language.locale)
    return language.messages.ngettext(one, many, count).format(count=number, **_isolated(values, language))


def pgettext(context: str, message: str, **values: object) -> str:
    """A message whose English word means several things; `context` says which."""
    language = _spoken.get()
    text = language.messages.pgettext(context, message)
    return text.format_map(_isolated(values, language)) if values else text


def noted(message: str) -> str:
    """The message as it is: a constant that is translated where it is shown, by `gettext` of the same text."""
    return message


def content(text: str) -> str:
    """A text of the catalogue (a description, an option, a category) in the language spoken, where it is translated.

    Of HTML each text between two tags is translated by itself; the tags stay.
    """
    language = _spoken.get()
    if not text or language is ENGLISH:
        return text
    translated = language.catalog.gettext
    return _TEXT.sub(lambda found: translated(found[0]), text) if "<" in text else translated(text)


def searched(name: str) -> str:
    """Words by which what has this title or tag may be searched in the language spoken; nobody reads them."""
    return _spoken.get().catalog.pgettext(SEARCHED, name)


def content_options(text: str) -> str:
    """A variant's title, 'Moss / Large', each of its values in the language spoken."""
    return " / ".join(map(content, text.split(" / "))) if text else text


def full_name(title: str, options: str) -> str:
    """What a variant is called in a sentence: 'Tide Mug, Moss'."""
    return gettext("{title}, {options}", title=title, options=content_options(options)) if options else title


def _isolated(values: dict[str, object], language: Language) -> dict[str, object]:
    if language.direction == "ltr":
        return values
    return {name: f"{FSI}{value}{PDI}" if isinstance(value, str) else value for name, value in values.items()}


def texts_of(html: str) -> list[str]:
    """The texts of some HTML that `content` translates."""
    return _TEXT.findall(html)
